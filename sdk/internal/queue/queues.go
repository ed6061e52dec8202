package queue

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/sdk/api"
)

// localQueues lists the LocalQueues of a namespace, empty for all.
func (c *Client) localQueues(ctx context.Context, ns string) ([]kueue.LocalQueue, error) {
	set, err := c.conn.Kueue()
	if err != nil {
		return nil, err
	}
	var all []kueue.LocalQueue
	o := metav1.ListOptions{Limit: pageSize}
	for {
		list, err := set.KueueV1beta2().LocalQueues(ns).List(ctx, o)
		if err != nil {
			return nil, c.listing(err, localQueues)
		}
		all = append(all, list.Items...)
		if o.Continue = list.Continue; o.Continue == "" {
			return all, nil
		}
	}
}

// clusterQueues lists all ClusterQueues by name; nil if the caller may not list them.
func (c *Client) clusterQueues(ctx context.Context) (map[string]*kueue.ClusterQueue, error) {
	set, err := c.conn.Kueue()
	if err != nil {
		return nil, err
	}
	all := map[string]*kueue.ClusterQueue{}
	o := metav1.ListOptions{Limit: pageSize}
	for {
		list, err := set.KueueV1beta2().ClusterQueues().List(ctx, o)
		if err = c.listing(err, clusterQueues); api.IsForbidden(err) {
			return nil, nil
		} else if err != nil {
			return nil, err
		}
		for i := range list.Items {
			all[list.Items[i].Name] = &list.Items[i]
		}
		if o.Continue = list.Continue; o.Continue == "" {
			return all, nil
		}
	}
}

// clusterQueue reads one ClusterQueue; nil if it does not exist or may not be read.
func (c *Client) clusterQueue(ctx context.Context, name string) (*kueue.ClusterQueue, error) {
	if name == "" {
		return nil, nil
	}
	set, err := c.conn.Kueue()
	if err != nil {
		return nil, err
	}
	cq, err := set.KueueV1beta2().ClusterQueues().Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, unlessUnseen(c.conn.Classify(err, "get", clusterQueues))
	}
	return cq, nil
}
