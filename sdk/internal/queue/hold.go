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

// Hold implements sdk.Queue: it sets the LocalQueue's stop policy to Hold or, with
// Drain, HoldAndDrain, unless it is set already.
func (c *Client) Hold(ctx context.Context, ref string, o api.QueueHoldOptions) (*api.QueueStatus, error) {
	policy := kueue.Hold
	if o.Drain {
		policy = kueue.HoldAndDrain
	}
	return c.setPolicy(ctx, ref, policy, o.DryRun, o.FieldManager)
}

// Resume implements sdk.Queue. A held ClusterQueue stays held: the returned state is
// Held then, and the reason names it.
func (c *Client) Resume(ctx context.Context, ref string, o api.QueueResumeOptions) (*api.QueueStatus, error) {
	return c.setPolicy(ctx, ref, kueue.None, o.DryRun, o.FieldManager)
}

// setPolicy sets the stop policy of a queue. It reads the queue first, to return an
// error with the existing names for a wrong one, and to send no request that changes
// nothing.
func (c *Client) setPolicy(ctx context.Context, ref string, policy kueue.StopPolicy, d api.DryRun, manager string) (*api.QueueStatus, error) {
	if err := d.Check(); err != nil {
		return nil, err
	}
	q, err := c.localQueue(ctx, ref)
	if err != nil {
		return nil, err
	}
	set, err := c.conn.Kueue()
	if err != nil {
		return nil, err
	}
	had := kueue.None
	if q.Spec.StopPolicy != nil {
		had = *q.Spec.StopPolicy
	}
	if had != policy && d.Sends() {
		patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": q.UID}, "spec": map[string]any{"stopPolicy": policy}})
		if err != nil {
			return nil, fmt.Errorf("encode the stop policy: %w", err)
		}
		opts := metav1.PatchOptions{DryRun: d.Param(), FieldManager: manager}
		if q, err = set.KueueV1beta2().LocalQueues(q.Namespace).Patch(ctx, q.Name, types.MergePatchType, patch, opts); err != nil {
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
		return cmp.Or(name, kube.LocalQueueName), nil // the patch returns what else is missing
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

// Get implements sdk.Queue.
func (c *Client) Get(ctx context.Context, ref string) (*api.QueueStatus, error) {
	q, err := c.localQueue(ctx, ref)
	if err != nil {
		return nil, err
	}
	return c.oneStatus(ctx, q)
}

// localQueue reads the LocalQueue that ref names, or without a ref the default queue
// of the namespace.
func (c *Client) localQueue(ctx context.Context, ref string) (*kueue.LocalQueue, error) {
	parsed, err := kube.ParseRef(ref, kube.RefQueue)
	if err != nil {
		return nil, err
	}
	name, err := c.queueNamed(ctx, parsed.Name)
	if err != nil {
		return nil, err
	}
	set, err := c.conn.Kueue()
	if err != nil {
		return nil, err
	}
	q, err := set.KueueV1beta2().LocalQueues(c.conn.Namespace).Get(ctx, name, metav1.GetOptions{})
	return q, c.conn.Classify(err, "get", localQueues)
}

// oneStatus returns the status of a queue that was just read. If the caller may not
// read its ClusterQueue, it has what the LocalQueue reports.
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
