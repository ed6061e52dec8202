package cluster

import (
	"context"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// Resize measures what the machines have to spare and makes that the quota;
// what o.Quota names goes before. What runs through the queue already is part
// of the quota. A resource that no machine has any more gets 0. It is
// *api.NotInstalledError when nothing is set up.
func (c *Client) Resize(ctx context.Context, o api.ClusterResizeOptions) (*api.ClusterResize, error) {
	asked, err := parseQuota(o.Quota)
	if err := api.JoinInvalid(o.DryRun.Check(), err); err != nil {
		return nil, err
	}
	now, err := c.look(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case now.clusterQueue == nil:
		return nil, c.nothingSetUp()
	case !isOurs(now.clusterQueue):
		return nil, foreignQueue()
	}
	quota, err := c.measure(ctx, true)
	if err != nil {
		return nil, err
	}
	c.warnOfNothing(quota, asked)
	before := quotaOf(now.clusterQueue.Spec.ResourceGroups)
	for name := range before {
		if _, ok := quota[name]; !ok {
			quota[name] = resource.Quantity{}
		}
	}
	maps.Copy(quota, asked)
	wanted := clusterQueue(withQuota(now.clusterQueue.Spec.ResourceGroups, quota))
	if o.DryRun.Sends() {
		if _, err := c.apply(ctx, wanted, o.DryRun); err != nil {
			return nil, err
		}
	}
	return resized(before, quotaOf(wanted.Spec.ResourceGroups)), nil
}

// resized compares two quotas.
func resized(before, after corev1.ResourceList) *api.ClusterResize {
	out := &api.ClusterResize{TypeMeta: api.TypeMeta(api.KindClusterResize),
		ObjectMeta: metav1.ObjectMeta{Name: kube.ClusterQueueName}, Resources: []api.ResizedResource{}}
	for _, name := range slices.SortedFunc(maps.Keys(after), kube.CompareResources) {
		now := after[name]
		r := api.ResizedResource{Resource: string(name), After: now.String()}
		was, there := before[name]
		if there {
			r.Before = was.String()
		}
		out.Changed = out.Changed || !there || was.Cmp(now) != 0
		out.Resources = append(out.Resources, r)
	}
	return out
}

func (c *Client) nothingSetUp() error {
	return &api.NotInstalledError{Message: fmt.Sprintf("nothing is set up in namespace %q", c.conn.Namespace),
		Remedies: []api.Remedy{{Action: api.ClusterSetup}}}
}

func foreignQueue() error {
	return &api.ConflictError{Message: fmt.Sprintf("the ClusterQueue %q was not made by `cluster setup`, so its quota is for others to change", kube.ClusterQueueName)}
}
