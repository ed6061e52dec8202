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

// Pending implements sdk.Queue. A task's Workload has all its data: it costs one
// request per 500 Workloads, finished ones included, and one each for the queues and
// for the positions.
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
	list := &api.QueuedTaskList{TypeMeta: api.TypeMeta[api.QueuedTaskList](), Items: []api.QueuedTask{}}
	l.each(func(w *workload) bool {
		id, _, owner := w.task()
		return o.AllUsers || id != "" && (owner == user || owner == "")
	}, func(t *api.QueuedTask) { list.Items = append(list.Items, *t) })
	return list, nil
}

// Places returns the pending Workloads of a namespace (empty: of all) by the UID of
// their owner, such as a task's Job. queue restricts them to LocalQueues of that
// name. Without Kueue, and for what the caller may not read, it returns an empty map
// and no error. It costs as much as Pending.
func (c *Client) Places(ctx context.Context, ns, queue string) (map[types.UID]api.QueuedTask, error) {
	out := map[types.UID]api.QueuedTask{}
	l, err := c.look(ctx, scope{namespace: ns, queue: queue})
	if err != nil {
		return out, unlessUnseen(err)
	}
	l.each(func(*workload) bool { return true }, func(t *api.QueuedTask) { out[types.UID(t.OwnerUID)] = *t })
	return out, nil
}

// missing returns a NotFoundError if the named queue does not exist.
func (l *look) missing() error {
	if l.queue == "" || l.namespace == "" || l.queues == nil || l.queues[l.namespace+"/"+l.queue] != nil {
		return nil
	}
	return unknownQueue(l.localQueues(), l.namespace, l.queue)
}

// each calls do for the Workloads that keep selects, in order.
func (l *look) each(keep func(*workload) bool, do func(*api.QueuedTask)) {
	firsts := l.firsts()
	for _, w := range l.sorted() {
		if keep(w) {
			t := l.task(w, firsts[l.clusterOf(w)])
			do(&t)
		}
	}
}

// task returns the description of a pending Workload.
func (l *look) task(w, first *workload) api.QueuedTask {
	cluster, at, owner := l.clusterOf(w), l.place(w), w.owner()
	t := api.QueuedTask{
		TypeMeta: api.TypeMeta[api.QueuedTask](),
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
	if _, closed := s.closed(); closed { // Kueue keeps its position, but admits nothing
		t.Position, t.QueuePosition, t.PositionPartial = 0, 0, false
	}
	v := s.verdict()
	t.Reason = v.reason
	if !v.stuck {
		t.EstimatedStart = l.estimate(w, cluster, at)
	}
	return t
}

// estimate returns when a Workload starts at the recent rate: that of the ClusterQueue
// if all of it was read, else that of its LocalQueue, each with the position in it.
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

// requests returns the total requests of a Workload.
func requests(w *workload) map[string]string {
	sum := corev1.ResourceList{}
	for _, need := range w.needs() {
		for name, q := range need {
			if name == corev1.ResourcePods || q.IsZero() {
				continue // Kueue counts pods, and our containers request 0 explicitly; no user requested these
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

// Task returns the position of one queued task. It returns an UnavailableError until
// Kueue has created the Job's Workload, and a ForbiddenError if the caller may not
// read Workloads.
func (c *Client) Task(ctx context.Context, t *api.TaskStatus) (*api.QueuedTask, error) {
	l, err := c.look(ctx, scope{namespace: t.Namespace, queue: t.Queue})
	if err != nil {
		return nil, err
	}
	var found *api.QueuedTask
	l.each(func(w *workload) bool { return w.owner().UID == t.UID }, func(q *api.QueuedTask) { found = q })
	if found == nil {
		return nil, &api.UnavailableError{Message: fmt.Sprintf("Kueue has not created the Workload of task %s yet; try again", t.ID)}
	}
	return found, nil
}
