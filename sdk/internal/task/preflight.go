package task

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/manifest"
)

// preflight asks the cluster what the objects depend on, and refuses what
// cannot run before anything is created.
func (c *Client) preflight(ctx context.Context, in *manifest.Input) error {
	profile, err := c.namespaceProfile(ctx)
	if err != nil {
		return err
	}
	if in.Profile == "" {
		in.Profile = manifest.Profile(profile)
	}
	mounts, err := c.volumes.Resolve(ctx, in.Task, in.User)
	if err != nil {
		return err
	}
	for _, m := range mounts {
		in.Mounts = append(in.Mounts, manifest.Mount(m))
	}
	if slices.ContainsFunc(in.Task.Resources, manifest.NamesModel) {
		in.NodeLabels = c.nodeLabels(ctx)
	}
	return nil
}

// namespaceProfile returns the security profile that the namespace enforces,
// empty for none. An answer is remembered; who may not read namespaces is told
// nothing here, and by the creation of the Job if there is none.
func (c *Client) namespaceProfile(ctx context.Context) (string, error) {
	facts := &c.namespace
	facts.mu.Lock()
	defer facts.mu.Unlock()
	if facts.known {
		return facts.profile, nil
	}
	ns, err := c.conn.Kube.CoreV1().Namespaces().Get(ctx, c.conn.Namespace, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return "", c.conn.NamespaceNotFound(c.conn.Namespace)
	case apierrors.IsForbidden(err):
	case err != nil:
		return "", c.conn.Classify(err, "get", "namespaces")
	case ns.DeletionTimestamp != nil:
		return "", &api.ConflictError{Message: fmt.Sprintf("namespace %q is being deleted", ns.Name)}
	case ns.Labels["pod-security.kubernetes.io/enforce"] == string(manifest.Restricted):
		facts.profile = string(manifest.Restricted)
	}
	facts.known = true
	return facts.profile, nil
}

// nodeLabels returns the labels of the cluster's nodes, which name GPU
// products. They only add to what is known without them, so that a user who
// may not read nodes loses little.
func (c *Client) nodeLabels(ctx context.Context) []map[string]string {
	machines, err := c.queues.Machines(ctx)
	if err != nil {
		return nil
	}
	out := make([]map[string]string, len(machines))
	for i := range machines {
		out[i] = machines[i].Labels
	}
	return out
}
