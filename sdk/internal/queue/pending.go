package queue

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// Pending implements sdk.Queue. All that is said of a task comes out of its
// Workload: it costs one request per 500 Workloads, finished ones included,
// and beside them one each for the queues and for Kueue's order.
func (c *Client) Pending(ctx context.Context, o api.QueuePendingOptions) (*api.QueuedTaskList, error) {
	ref, err := kube.ParseRef(o.Queue, kube.RefQueue)
	if err != nil {
		return nil, err
	}
	o.Queue = ref.Name
	var (
		reads            sync.WaitGroup
		l                *look
		user             string
		userErr, lookErr error
	)
	if !o.AllUsers {
		reads.Go(func() { user, userErr = c.conn.User(ctx) })
	}
	reads.Go(func() {
		l, lookErr = c.look(ctx, scope{namespace: c.namespace(o.Namespace, o.AllNamespaces), queue: o.Queue})
	})
	reads.Wait()
	for _, err := range []error{userErr, lookErr} {
		if err != nil {
			return nil, err
		}
	}
	if err := l.missing(); err != nil {
		return nil, err
	}
	list := &api.QueuedTaskList{TypeMeta: api.TypeMeta(api.KindQueuedTaskList), Items: []api.QueuedTask{}}
	l.each(func(w *workload) bool {
		id, _, owner := w.task()
		return o.AllUsers || id != "" && (owner == user || owner == "")
	}, func(t *api.QueuedTask) { list.Items = append(list.Items, *t) })
	return list, nil
}

// Places returns what waits in a namespace (empty: in all), by the UID of the
// object that waits, a task's Job. queue keeps only what waits in LocalQueues
// of that name. Without Kueue, and for what the caller may not read, it is
// empty and no error. It costs as much as Pending.
func (c *Client) Places(ctx context.Context, ns, queue string) (map[types.UID]api.QueuedTask, error) {
	out := map[types.UID]api.QueuedTask{}
	l, err := c.look(ctx, scope{namespace: ns, queue: queue})
	if err != nil {
		return out, unlessUnseen(err)
	}
	l.each(func(*workload) bool { return true }, func(t *api.QueuedTask) { out[types.UID(t.OwnerUID)] = *t })
	return out, nil
}

// missing is NotFoundError when a queue was named that is not there.
func (l *look) missing() error {
	if l.queue == "" || l.namespace == "" || l.queues == nil || l.queues[l.namespace+"/"+l.queue] != nil {
		return nil
	}
	return unknownQueue(l.localQueues(), l.namespace, l.queue)
}

// each makes the values of those that keep lets through, in order.
func (l *look) each(keep func(*workload) bool, do func(*api.QueuedTask)) {
	firsts := l.firsts()
	for _, w := range l.sorted() {
		if keep(w) {
			t := l.task(w, firsts[l.clusterOf(w)])
			do(&t)
		}
	}
}

// task is all that is told of one that waits.
func (l *look) task(w, first *workload) api.QueuedTask {
	cluster, at, owner := l.clusterOf(w), l.place(w), w.owner()
	t := api.QueuedTask{
		TypeMeta: api.TypeMeta(api.KindQueuedTask),
		ObjectMeta: metav1.ObjectMeta{Name: w.Metadata.Name, Namespace: w.Metadata.Namespace, UID: w.Metadata.UID,
			CreationTimestamp: w.Metadata.CreationTimestamp, OwnerReferences: w.Metadata.OwnerReferences},
		Owner: owner.Kind + "/" + owner.Name, OwnerUID: string(owner.UID),
		Queue: w.Spec.QueueName, ClusterQueue: cluster,
		Position: at.inCluster, QueuePosition: at.inQueue, PositionPartial: at.inCluster > 0 && l.partial[cluster],
		Priority: ptr.Deref(w.Spec.Priority, 0), Requests: requests(w), Since: w.since(), Evicted: w.evicted(l.running),
	}
	t.ID, t.TaskName, t.User = w.task()
	if w.Spec.PriorityClassRef != nil {
		t.PriorityClass = w.Spec.PriorityClassRef.Name
	}
	s := situation{w: w, now: l.now, local: l.queues[w.queue()], cluster: l.clusters[cluster], lenders: l.lenders,
		seesQueues: l.queues != nil, seesClusters: l.clusters != nil, ahead: at.inCluster - 1, first: first}
	if _, closed := s.closed(); closed { // Kueue keeps its place, but nobody's turn comes
		t.Position, t.QueuePosition, t.PositionPartial = 0, 0, false
	}
	v := s.verdict()
	t.Reason = v.reason
	if !v.stuck {
		t.EstimatedStart = l.estimate(w, cluster, at)
	}
	return t
}

// estimate is when one starts at the recent pace: that of the ClusterQueue if
// all of it was seen, else that of its LocalQueue, each with the place in it.
func (l *look) estimate(w *workload, cluster string, at place) *metav1.Time {
	start := l.queueRates[w.queue()].start(at.inQueue, l.now)
	if l.namespace == "" {
		start = l.clusterRates[cluster].start(at.inCluster, l.now)
	}
	if start == nil {
		return nil
	}
	return ptr.To(metav1.NewTime(*start).Rfc3339Copy())
}

// requests is what one that waits needs in all.
func requests(w *workload) map[string]string {
	sum := corev1.ResourceList{}
	for _, need := range w.needs() {
		for name, q := range need {
			if name == corev1.ResourcePods || q.IsZero() {
				continue // that is how Kueue counts, or how our containers say that they are free; nobody asked for it
			}
			var total resource.Quantity
			if had, ok := sum[name]; ok {
				total = had
			}
			total.Add(q)
			sum[name] = total
		}
	}
	out := make(map[string]string, len(sum))
	for name, q := range sum {
		out[string(name)] = q.String()
	}
	return out
}

// Task returns where one task stands that waits in a queue. It is Unavailable
// for the moment between a Job's creation and Kueue's taking note of it, and
// Forbidden for whoever may not read Workloads.
func (c *Client) Task(ctx context.Context, t *api.TaskStatus) (*api.QueuedTask, error) {
	l, err := c.look(ctx, scope{namespace: t.Namespace, queue: t.Queue})
	if err != nil {
		return nil, err
	}
	var found *api.QueuedTask
	l.each(func(w *workload) bool { return w.owner().UID == t.UID }, func(q *api.QueuedTask) { found = q })
	if found == nil {
		return nil, &api.UnavailableError{Message: fmt.Sprintf("Kueue has not taken note of task %s yet; try again", t.ID)}
	}
	return found, nil
}
