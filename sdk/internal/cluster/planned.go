package cluster

import (
	"cmp"
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/queue"
)

// fillQuota measures the quota of a plan that has none, before anything is made.
func (c *Client) fillQuota(ctx context.Context, p *plan, now *observed) (err error) {
	if len(p.groups) == 0 {
		p.groups, err = c.measured(ctx, p, now.kueue.speaks())
	}
	return err
}

// planned is what a setup would come to. In a dry run of the API server that has
// checked the objects.
func (c *Client) planned(ctx context.Context, p *plan, now *observed, d api.DryRun) (*api.ClusterStatus, error) {
	if err := c.fillQuota(ctx, p, now); err != nil {
		return nil, err
	}
	if d.Sends() {
		if _, err := c.checked(ctx, p, now); err != nil {
			return nil, err
		}
	}
	component := func(name string) api.ComponentState {
		return api.ComponentState{Name: name, Reason: "not looked at in a dry run"}
	}
	s := &api.ClusterStatus{
		TypeMeta:   api.TypeMeta(api.KindCluster),
		ObjectMeta: metav1.ObjectMeta{Name: kube.SetupName, Namespace: p.namespace},
		Config:     p.record.Config, Options: p.record.Options,
		Kueue: api.KueueStatus{ComponentState: component("kueue"), Version: now.kueue.version(), Image: now.kueue.image(),
			InstalledBySetup: p.install || now.release != nil && now.release.Ours},
		Queue: api.ClusterQueue{ComponentState: component(kube.LocalQueueName), ClusterQueue: kube.ClusterQueueName,
			Resources: queue.Quotas(clusterQueue(p.groups))},
		Store: api.StoreStatus{ComponentState: component(kube.StoreName), Kind: p.record.Store.Kind,
			Endpoint: p.record.Store.Endpoint, Bucket: p.record.Store.Bucket},
		Agent: component(kube.AgentName),
	}
	if now.kueue.deployment != nil {
		s.Kueue.Namespace = now.kueue.deployment.Namespace
	}
	if p.install {
		s.Kueue.Namespace, s.Kueue.Version = kueueNamespace, kube.KueueVersion
		s.Kueue.Image = cmp.Or(p.kueueImage, kueueImage)
	}
	if s.Store.Kind == api.StoreBuiltIn {
		s.Store.Image, s.Store.Capacity, s.Store.StorageClass = p.record.Store.image(), p.values[optionStorageSize], p.config.StorageClass
	}
	return s, nil
}
