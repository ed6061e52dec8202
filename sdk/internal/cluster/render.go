package cluster

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/cluster/desired"
	"github.com/kubevast/vast/sdk/internal/cluster/provider"
)

// Render returns the objects that Setup would make, but for those of Kueue's
// own installation, and makes none. Credentials are left out of it.
//
// Without DryRunServer no server is contacted, so a config must be named, and
// what would be measured or generated is a placeholder. With it the API server
// checks the objects, and the result is what they would be.
func (c *Client) Render(ctx context.Context, o api.SetupOptions) ([]runtime.Object, error) {
	if err := o.DryRun.Check(); err != nil {
		return nil, err
	}
	if o.DryRun == api.DryRunServer {
		return c.renderThere(ctx, o)
	}
	quota, quotaErr := parseQuota(o.Quota)
	var p *plan
	var err error
	if o.Config == "" {
		err = api.Invalid("", "without a cluster the config must be named: one of %s", provider.Names())
	} else {
		p, err = decide(o, &observed{}, nil, c.conn.Namespace)
	}
	if err := api.JoinInvalid(quotaErr, err); err != nil {
		return nil, err
	}
	p.groups = groups(c.withPlaceholders(quota))
	p.secrets = hiddenSecrets(p.namespace, p.record.Store)
	objects := append(p.all(), desired.Approvals()...)
	for i := range objects {
		objects[i] = toUnstructured(objects[i]) // without empty statuses
	}
	return objects, nil
}

// all are the objects with the record, in the order in which they are made.
func (p *plan) all() []runtime.Object {
	return slices.Concat([]runtime.Object{p.record.object(p.namespace)}, p.objects())
}

// withPlaceholders sets 0 where the cluster would be measured, and warns.
func (c *Client) withPlaceholders(asked corev1.ResourceList) corev1.ResourceList {
	out := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("0"), corev1.ResourceMemory: resource.MustParse("0")}
	missing := false
	for name := range out {
		_, given := asked[name]
		missing = missing || !given
	}
	for name, quantity := range asked {
		out[name] = quantity
	}
	if missing {
		c.conn.Warn("a quota of 0 is a placeholder for what is measured in the cluster",
			api.Remedy{Options: []string{"Quota=cpu=64,memory=256Gi"}, Purpose: "set it"})
	}
	return out
}

func (c *Client) renderThere(ctx context.Context, o api.SetupOptions) ([]runtime.Object, error) {
	r, ctx, cancel := newRun(ctx, o.Progress, o.Timeout)
	defer cancel()
	now, err := c.look(ctx)
	if err != nil {
		return nil, err
	}
	p, err := c.prepare(ctx, r, o, now)
	if err != nil {
		return nil, err
	}
	return c.checked(ctx, p, now)
}

// checked are the objects of a plan as the API server would make them.
func (c *Client) checked(ctx context.Context, p *plan, now *observed) ([]runtime.Object, error) {
	if err := c.fillQuota(ctx, p, now); err != nil {
		return nil, err
	}
	if p.install {
		c.conn.Warn(fmt.Sprintf("Kueue %s (image %s) would be installed or changed by Helm; its own objects are not among these",
			kube.KueueVersion, cmp.Or(p.kueueImage, kueueImage)))
	}
	if !now.kueue.speaks() {
		c.conn.Warn("the cluster has no Kueue yet, so the API server cannot check the queues")
	}
	objects := p.without(p.all())
	calls := make([]func() error, len(objects))
	for i, obj := range objects {
		u := toUnstructured(obj)
		replaced := p.replaces && u.GetKind() == "Deployment" // it cannot be changed to the new one
		if replaced || u.GroupVersionKind().Group == kueue.GroupVersion.Group && !now.kueue.speaks() {
			calls[i] = func() error { return nil }
			continue
		}
		calls[i] = func() error {
			checked, err := c.apply(ctx, obj, api.DryRunServer)
			if err == nil {
				checked.SetManagedFields(nil)
				objects[i] = checked
			}
			return err
		}
	}
	if err := together(calls...); err != nil {
		return nil, err
	}
	return p.hideSecrets(objects), nil
}

// hideSecrets puts Secrets without credentials in the place of the real ones.
func (p *plan) hideSecrets(objects []runtime.Object) []runtime.Object {
	for i, obj := range objects {
		u := toUnstructured(obj)
		for _, shown := range hiddenSecrets(p.namespace, p.record.Store).objects() {
			if u.GetKind() == "Secret" && u.GetName() == shown.(*corev1.Secret).Name {
				objects[i] = shown
			}
		}
	}
	return objects
}
