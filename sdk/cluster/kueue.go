package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/version"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/kube"
)

const (
	kueueVersion   = "0.16.1"
	kueueNamespace = "kueue-system"
	kueueRelease   = "kueue"
	// oldestKueue is the first that serves the API that we speak, and that
	// looks for a Job's queue in its label only.
	oldestKueue = "0.15.0"

	kueueDeployment = "kueue-controller-manager"
	kueueSelector   = "app.kubernetes.io/name=kueue,control-plane=controller-manager"
)

// foundKueue is the Kueue of a cluster, whoever installed it.
type foundKueue struct {
	// served are the versions of its API; none without its CRDs.
	served     []string
	deployment *appsv1.Deployment
}

func (k foundKueue) absent() bool { return len(k.served) == 0 && k.deployment == nil }

// partial: its CRDs without its controller, or the other way round.
func (k foundKueue) partial() bool { return (len(k.served) == 0) != (k.deployment == nil) }

// findKueue looks for Kueue's API and for its controller in all namespaces.
func (c *Client) findKueue(ctx context.Context) (foundKueue, error) {
	var (
		found           foundKueue
		byLabel, byName *appsv1.DeploymentList
	)
	deployments := func(o metav1.ListOptions) (*appsv1.DeploymentList, error) {
		list, err := c.conn.Kube.AppsV1().Deployments(metav1.NamespaceAll).List(ctx, o)
		return list, c.conn.Classify(err, "list", "deployments.apps")
	}
	err := together(
		func() (err error) { found.served, err = c.servedKueue(ctx); return err },
		func() (err error) {
			byLabel, err = deployments(metav1.ListOptions{LabelSelector: kueueSelector})
			return err
		},
		func() (err error) {
			byName, err = deployments(metav1.ListOptions{FieldSelector: "metadata.name=" + kueueDeployment})
			return err
		},
	)
	if err != nil {
		return found, err
	}
	for _, list := range []*appsv1.DeploymentList{byLabel, byName} {
		for i := range list.Items {
			if found.deployment == nil && list.Items[i].DeletionTimestamp == nil {
				found.deployment = &list.Items[i]
			}
		}
	}
	return found, nil
}

// servedKueue asks which versions of Kueue's API there are.
func (c *Client) servedKueue(ctx context.Context) ([]string, error) {
	groups := &metav1.APIGroupList{}
	err := c.conn.Kube.Discovery().RESTClient().Get().AbsPath("/apis").
		SetHeader("Accept", "application/json").Do(ctx).Into(groups)
	if err != nil {
		return nil, c.conn.Classify(err, "get", "/apis")
	}
	var served []string
	for _, g := range groups.Groups {
		if g.Name != kueue.GroupVersion.Group {
			continue
		}
		for _, v := range g.Versions {
			served = append(served, v.Version)
		}
	}
	return served, nil
}

// version is what the controller says of itself: by the tag of its image, or
// by its labels. It is empty when nothing tells.
func (k foundKueue) version() string {
	if k.deployment == nil {
		return ""
	}
	candidates := []string{k.deployment.Labels["app.kubernetes.io/version"]}
	if chart, ok := strings.CutPrefix(k.deployment.Labels["helm.sh/chart"], "kueue-"); ok {
		candidates = append(candidates, chart)
	}
	candidates = append([]string{tagOf(k.image())}, candidates...)
	for _, text := range candidates {
		if v, err := version.ParseSemantic(strings.TrimPrefix(text, "v")); err == nil {
			return v.String()
		}
	}
	return ""
}

func (k foundKueue) image() string {
	if k.deployment == nil {
		return ""
	}
	containers := k.deployment.Spec.Template.Spec.Containers
	for _, c := range containers {
		if c.Name == "manager" {
			return c.Image
		}
	}
	if len(containers) > 0 {
		return containers[0].Image
	}
	return ""
}

// tagOf is the tag of an image; empty when it has none.
func tagOf(image string) string {
	image, _, _ = strings.Cut(image, "@")
	name := image[strings.LastIndexByte(image, '/')+1:]
	_, tag, _ := strings.Cut(name, ":")
	return tag
}

// check refuses a Kueue that is too old, or of which only one half is there.
func (k foundKueue) check() error {
	const upgrade = "upgrade it first, see https://kueue.sigs.k8s.io/docs/installation"
	if v := k.version(); v != "" && !version.MustParseSemantic(v).AtLeast(version.MustParseSemantic(oldestKueue)) {
		return &api.Conflict{Message: fmt.Sprintf("this cluster has Kueue %s (deployment %s in namespace %s), which is too old: 0.15 or newer is needed; %s",
			v, k.deployment.Name, k.deployment.Namespace, upgrade)}
	}
	switch {
	case k.deployment == nil:
		return &api.Conflict{Message: "this cluster has Kueue's resource definitions but no Kueue that serves them: " +
			"finish its installation, or delete the definitions (kubectl get crd -o name | grep kueue.x-k8s.io) with all queues"}
	case len(k.served) == 0:
		return &api.Conflict{Message: fmt.Sprintf("this cluster has a Kueue (deployment %s in namespace %s) without its resource definitions: finish its installation, or delete it",
			k.deployment.Name, k.deployment.Namespace)}
	case !k.speaks():
		return &api.Conflict{Message: fmt.Sprintf("this cluster's Kueue is too old: it serves %s, and %s (Kueue 0.15 or newer) is needed; %s",
			strings.Join(k.served, ", "), kueue.GroupVersion.Version, upgrade)}
	}
	return nil
}

// speaks reports whether it serves the API that we speak.
func (k foundKueue) speaks() bool { return slices.Contains(k.served, kueue.GroupVersion.Version) }

// byHelm reports whether it may be a release of our own.
func (k foundKueue) byHelm() bool {
	return k.deployment != nil && k.deployment.Namespace == kueueNamespace &&
		k.deployment.Labels[kube.LabelManagedBy] == "Helm"
}
