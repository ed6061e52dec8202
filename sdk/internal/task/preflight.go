package task

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/diagnose"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
	"github.com/kubevast/vast/sdk/internal/manifest"
	"github.com/kubevast/vast/sdk/spec"
)

// readNamespace reads what the objects depend on: the namespace's security profile,
// the claims of the task's volumes and, for a GPU model, the nodes' labels.
func (s *submission) readNamespace(ctx context.Context) error {
	c, in := s.c, &s.input
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

// namespaceProfile returns the security profile that the namespace enforces, empty for
// none. The result is cached. If the caller may not read namespaces, it returns none.
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

// nodeLabels returns the labels of the cluster's nodes, which name GPU products. They
// supplement the built-in table, so it returns none if the caller may not list nodes.
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

// TryPod checks by a server-side dry run whether the API server would create the pod of
// a task that requests nothing, with our own containers if the namespace keeps results.
// It returns why not, or nil if it would. It returns an *api.ForbiddenError if the
// caller may not create pods, which submitting does not require.
func (c *Client) TryPod(ctx context.Context, agentImage string) (*api.Diagnosis, error) {
	file, err := spec.Parse("", []byte("run: 'true'\n"), spec.Inputs{})
	if err != nil {
		return nil, fmt.Errorf("make a task to try: %w", err)
	}
	t, o := file.Tasks[0], api.SubmitOptions{AgentImage: agentImage}
	s := newSubmission(c, t, o)
	s.input = c.input(t, o, nil)
	s.setUser(c.conn.OfflineUser(), "")
	if err := s.readNamespace(ctx); err != nil {
		return nil, err
	}
	if s.known.keeping, err = c.keepingHere(ctx); err != nil {
		return nil, err
	}
	if err := s.do(ctx, s.setResults, s.build); err != nil {
		return nil, err
	}
	if _, err := c.MeetLimitRanges(ctx, s.objects.Job); err != nil {
		return nil, err
	}
	template := &s.objects.Job.Spec.Template
	pod := &corev1.Pod{ObjectMeta: *template.ObjectMeta.DeepCopy(), Spec: template.Spec}
	pod.GenerateName = "vast-doctor-"
	_, err = c.conn.Kube.CoreV1().Pods(c.conn.Namespace).Create(access.Quietly(access.Briefly(ctx)), pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	var status apierrors.APIStatus
	switch {
	case err == nil:
		return nil, nil
	case errors.As(err, &status) && (apierrors.IsForbidden(err) || apierrors.IsInvalid(err) || apierrors.IsBadRequest(err)) && !c.mayNotCreate(ctx, err):
		return diagnose.Refused("a task's pods", status.Status().Message), nil
	}
	return nil, c.conn.Classify(err, "create", "pods")
}

// mayNotCreate reports whether a Forbidden error is a missing right to create pods, and
// not the refusal of an admission plugin, whose status is the same.
func (c *Client) mayNotCreate(ctx context.Context, err error) bool {
	if !apierrors.IsForbidden(err) {
		return false
	}
	missing, err := c.rights.Missing(ctx, authz.Each("pods", "create"))
	return err == nil && len(missing) > 0
}
