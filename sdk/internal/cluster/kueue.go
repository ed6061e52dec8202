package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/version"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

const (
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

// findKueue looks for Kueue's API and for its controller: in kueue-system, or
// in the namespace of the webhooks' Service, which only administrators can set.
// A Deployment that looks like Kueue's elsewhere is ignored: any user of a
// namespace can make one.
func (c *Client) findKueue(ctx context.Context) (foundKueue, error) {
	var found foundKueue
	err := together(
		func() (err error) { found.served, err = c.servedKueue(ctx); return err },
		func() (err error) { found.deployment, err = c.kueueIn(ctx, kueueNamespace); return err },
	)
	if err != nil || found.deployment != nil {
		return found, err
	}
	elsewhere, err := c.kueueNamespaces(ctx)
	for _, namespace := range elsewhere {
		if err == nil && found.deployment == nil {
			found.deployment, err = c.kueueIn(ctx, namespace)
		}
	}
	return found, err
}

// home is where what administrators decided is recorded: beside Kueue. Whoever
// may write there rules over Kueue anyhow.
func (k foundKueue) home() string {
	if k.deployment != nil {
		return k.deployment.Namespace
	}
	return kueueNamespace
}

// kueueIn returns the Deployment of Kueue's controller in a namespace; nil when
// there is none.
func (c *Client) kueueIn(ctx context.Context, namespace string) (*appsv1.Deployment, error) {
	for _, o := range []metav1.ListOptions{{LabelSelector: kueueSelector}, {FieldSelector: "metadata.name=" + kueueDeployment}} {
		list, err := c.conn.Kube.AppsV1().Deployments(namespace).List(ctx, o)
		if err != nil {
			return nil, c.conn.Classify(err, "list", "deployments.apps")
		}
		for i := range list.Items {
			if list.Items[i].DeletionTimestamp == nil {
				return &list.Items[i], nil
			}
		}
	}
	return nil, nil // absence is no error here
}

// kueueNamespaces are those that the webhooks of Kueue's API lead to, but for
// kueue-system.
func (c *Client) kueueNamespaces(ctx context.Context) ([]string, error) {
	found := sets.New[string]()
	err := c.listAll(ctx, "validatingwebhookconfigurations.admissionregistration.k8s.io", func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return c.conn.Kube.AdmissionregistrationV1().ValidatingWebhookConfigurations().List(ctx, o)
	}, func(obj runtime.Object) {
		for _, hook := range obj.(*admissionv1.ValidatingWebhookConfiguration).Webhooks {
			ofKueue := slices.ContainsFunc(hook.Rules, func(r admissionv1.RuleWithOperations) bool {
				return slices.Contains(r.APIGroups, kueue.GroupVersion.Group)
			})
			if s := hook.ClientConfig.Service; ofKueue && s != nil && s.Namespace != kueueNamespace {
				found.Insert(s.Namespace)
			}
		}
	})
	return sets.List(found), err
}

// servedKueue returns the versions of Kueue's API that the server has.
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

// version is the controller's version: by the tag of its image, or by its
// labels. It is empty when neither has it.
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
		return &api.ConflictError{Message: fmt.Sprintf("this cluster has Kueue %s (deployment %s in namespace %s), which is too old: 0.15 or newer is needed; %s",
			v, k.deployment.Name, k.deployment.Namespace, upgrade)}
	}
	switch {
	case k.deployment == nil:
		return &api.ConflictError{Message: "this cluster has Kueue's resource definitions but no Kueue that serves them: " +
			"finish its installation, or delete the definitions of the group kueue.x-k8s.io, with all queues",
			Remedies: []api.Remedy{{Action: api.KubectlAction("get crd"), Namespace: "*", Options: []string{"output=name"}}}}
	case len(k.served) == 0:
		return &api.ConflictError{Message: fmt.Sprintf("this cluster has a Kueue (deployment %s in namespace %s) without its resource definitions: finish its installation, or delete it",
			k.deployment.Name, k.deployment.Namespace)}
	case !k.speaks():
		return &api.ConflictError{Message: fmt.Sprintf("this cluster's Kueue is too old: it serves %s, and %s (Kueue 0.15 or newer) is needed; %s",
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

// Kueue returns what can be known of the cluster's Kueue, whoever installed
// it. What is wrong with it, or may not be read, is in the result's Reason.
func (c *Client) Kueue(ctx context.Context) (*api.KueueStatus, error) {
	s := &api.KueueStatus{}
	return s, c.kueueStatus(ctx, s)
}
