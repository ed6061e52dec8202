package queue

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// Hold implements sdk.Queue: it sets the LocalQueue's stop policy, Hold or,
// with Drain, HoldAndDrain. What is as it is to be is left alone.
func (c *Client) Hold(ctx context.Context, queue string, o api.HoldOptions) (*api.QueueStatus, error) {
	policy := kueue.Hold
	if o.Drain {
		policy = kueue.HoldAndDrain
	}
	return c.setPolicy(ctx, queue, policy, o)
}

// Resume implements sdk.Queue. A ClusterQueue that is held stays so, and is
// told of in the answer: its state is Held then, and the reason names it.
func (c *Client) Resume(ctx context.Context, queue string, o api.HoldOptions) (*api.QueueStatus, error) {
	return c.setPolicy(ctx, queue, kueue.None, o)
}

// setPolicy reads the queue first: so a name that is wrong is told with those
// that are right, and nothing is sent that changes nothing.
func (c *Client) setPolicy(ctx context.Context, queue string, policy kueue.StopPolicy, o api.HoldOptions) (*api.QueueStatus, error) {
	if err := o.DryRun.Check(); err != nil {
		return nil, err
	}
	ref, err := kube.ParseRef(queue, kube.RefQueue)
	if err != nil {
		return nil, err
	}
	name, err := c.queueNamed(ctx, ref.Name)
	if err != nil {
		return nil, err
	}
	set, err := c.conn.Kueue()
	if err != nil {
		return nil, err
	}
	queues := set.KueueV1beta2().LocalQueues(c.conn.Namespace)
	q, err := queues.Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, c.conn.Classify(err, "get", localQueues)
	}
	had := kueue.None
	if q.Spec.StopPolicy != nil {
		had = *q.Spec.StopPolicy
	}
	if had != policy && o.DryRun.Sends() {
		patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": q.UID}, "spec": map[string]any{"stopPolicy": policy}})
		if err != nil {
			return nil, fmt.Errorf("encode the stop policy: %w", err)
		}
		opts := metav1.PatchOptions{DryRun: o.DryRun.Param(), FieldManager: o.FieldManager}
		if q, err = queues.Patch(ctx, name, types.MergePatchType, patch, opts); err != nil {
			return nil, c.conn.Classify(err, "patch", localQueues)
		}
	}
	q.Spec.StopPolicy = &policy
	return c.oneStatus(ctx, q)
}

// queueNamed returns the LocalQueue that a name means, or without one the
// default queue of the namespace.
func (c *Client) queueNamed(ctx context.Context, name string) (string, error) {
	list, err := c.localQueues(ctx, c.conn.Namespace)
	switch {
	case api.IsForbidden(err):
		return cmp.Or(name, kube.LocalQueueName), nil // patching it tells what else is missing
	case err != nil:
		return "", err
	case name == "" && len(list) == 1:
		return list[0].Name, nil
	case name == None:
		return "", unknownQueue(list, c.conn.Namespace, name)
	}
	choice, err := choose(list, c.conn.Namespace, name)
	if err == nil && choice.Queue == "" {
		err = unknownQueue(list, c.conn.Namespace, kube.LocalQueueName)
	}
	return choice.Queue, err
}

// oneStatus is the status of a queue that was just read. Who may not read its
// ClusterQueue gets what the LocalQueue tells.
func (c *Client) oneStatus(ctx context.Context, q *kueue.LocalQueue) (*api.QueueStatus, error) {
	clusters, err := c.clusterQueues(ctx)
	if err != nil {
		return nil, err
	}
	st := []api.QueueStatus{status(q, clusters)}
	if err := c.countHeld(ctx, q.Namespace, st); err != nil {
		return nil, err
	}
	return &st[0], nil
}
