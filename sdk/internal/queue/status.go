package queue

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// List implements sdk.Queue. It costs one request per 500 LocalQueues and
// ClusterQueues, at the same time, and, only where a queue is held, one more
// per 500 Workloads: Kueue does not count what waits there.
func (c *Client) List(ctx context.Context, o api.QueueListOptions) (*api.QueueStatusList, error) {
	ref, err := kube.ParseRef(o.Queue, kube.RefQueue)
	if err != nil {
		return nil, err
	}
	o.Queue = ref.Name
	ns := c.namespace(o.Namespace, o.AllNamespaces)
	var (
		reads                  sync.WaitGroup
		queues                 []kueue.LocalQueue
		clusters               map[string]*kueue.ClusterQueue
		queuesErr, clustersErr error
	)
	reads.Go(func() { queues, queuesErr = c.localQueues(ctx, ns) })
	reads.Go(func() { clusters, clustersErr = c.clusterQueues(ctx) })
	reads.Wait()
	if err := cmp.Or(queuesErr, clustersErr); err != nil {
		return nil, err
	}
	list := &api.QueueStatusList{TypeMeta: api.TypeMeta[api.QueueStatusList](), Items: []api.QueueStatus{}}
	for i := range queues {
		if o.Queue == "" || queues[i].Name == o.Queue {
			list.Items = append(list.Items, status(&queues[i], clusters))
		}
	}
	if o.Queue != "" && len(list.Items) == 0 && ns != "" {
		return nil, unknownQueue(queues, ns, o.Queue)
	}
	slices.SortFunc(list.Items, func(a, b api.QueueStatus) int {
		return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name))
	})
	return list, c.countHeld(ctx, ns, list.Items)
}

// namespace returns the namespace that options select, empty for all.
func (c *Client) namespace(named string, all bool) string {
	if all {
		return metav1.NamespaceAll
	}
	return cmp.Or(named, c.conn.Namespace)
}

// countHeld counts the pending Workloads of held queues. If the caller may not read
// Workloads, Kueue's own count stays.
func (c *Client) countHeld(ctx context.Context, ns string, queues []api.QueueStatus) error {
	waiting := map[string]int{}
	if !slices.ContainsFunc(queues, func(q api.QueueStatus) bool { return q.State == api.QueueHeld }) {
		return nil
	}
	err := c.eachWorkload(ctx, ns, "", func(w *workload) {
		if w.waits() {
			waiting[w.queue()]++
		}
	})
	if err != nil {
		return unlessUnseen(err)
	}
	for i := range queues {
		if q := &queues[i]; q.State == api.QueueHeld {
			q.Pending = waiting[q.Namespace+"/"+q.Name]
		}
	}
	return nil
}

// status returns the status of a LocalQueue and its ClusterQueue. clusters is nil if
// the caller may not read them.
func status(q *kueue.LocalQueue, clusters map[string]*kueue.ClusterQueue) api.QueueStatus {
	st := api.QueueStatus{
		TypeMeta: api.TypeMeta[api.QueueStatus](), ObjectMeta: *q.ObjectMeta.DeepCopy(),
		ClusterQueue: string(q.Spec.ClusterQueue),
		Pending:      int(q.Status.PendingWorkloads), Admitted: int(q.Status.AdmittedWorkloads),
		Resources: []api.QueueResource{},
	}
	st.ManagedFields = nil
	cq := clusters[st.ClusterQueue]
	st.State, st.Reason = queueState(q, cq, clusters != nil)
	if clusters == nil {
		st.Unknown = "list " + clusterQueues + " in the whole cluster"
	}
	if cq != nil {
		st.Cohort, st.ClusterQueuePending = string(cq.Spec.CohortName), int(cq.Status.PendingWorkloads)
		st.Resources = Quotas(cq)
	}
	return st
}

// queueState returns whether a queue admits tasks, and why not.
func queueState(q *kueue.LocalQueue, cq *kueue.ClusterQueue, seesClusters bool) (api.QueueState, string) {
	if held(q.Spec.StopPolicy) {
		return api.QueueHeld, "it is on hold" + drained(q.Spec.StopPolicy)
	}
	if cq != nil {
		return clusterState(cq)
	}
	if seesClusters {
		return api.QueueInactive, fmt.Sprintf("ClusterQueue %s does not exist", q.Spec.ClusterQueue)
	}
	c := meta.FindStatusCondition(q.Status.Conditions, kueue.LocalQueueActive)
	switch {
	case c == nil:
		return api.QueueInactive, "Kueue has not looked at it yet"
	case c.Status == metav1.ConditionTrue:
		return api.QueueActive, ""
	}
	return api.QueueInactive, fmt.Sprintf("ClusterQueue %s is held or cannot work", q.Spec.ClusterQueue)
}

// clusterState returns the same for a ClusterQueue.
func clusterState(cq *kueue.ClusterQueue) (api.QueueState, string) {
	if held(cq.Spec.StopPolicy) {
		return api.QueueHeld, fmt.Sprintf("ClusterQueue %s is held%s", cq.Name, drained(cq.Spec.StopPolicy))
	}
	c := meta.FindStatusCondition(cq.Status.Conditions, kueue.ClusterQueueActive)
	switch {
	case c == nil:
		return api.QueueInactive, fmt.Sprintf("Kueue has not looked at ClusterQueue %s yet", cq.Name)
	// The condition may be outdated after the queue was resumed.
	case c.Status == metav1.ConditionTrue || c.Reason == kueue.ClusterQueueActiveReasonStopped:
		return api.QueueActive, ""
	}
	return api.QueueInactive, fmt.Sprintf("ClusterQueue %s is inactive: %s", cq.Name, inactive(c.Message))
}

func drained(p *kueue.StopPolicy) string {
	if *p == kueue.HoldAndDrain {
		return ", and puts back what ran"
	}
	return ""
}

// inactive returns Kueue's reason in short.
func inactive(message string) string {
	for _, beginning := range []string{"Can't admit new workloads: ", "Can't admit new workloads; "} {
		message = strings.TrimPrefix(message, beginning)
	}
	return lower(message)
}

// Quotas returns the quota and use of a ClusterQueue, by flavor and resource.
func Quotas(cq *kueue.ClusterQueue) []api.QueueResource {
	out := []api.QueueResource{}
	for _, group := range cq.Spec.ResourceGroups {
		for _, flavor := range group.Flavors {
			for _, q := range flavor.Resources {
				total, borrowed := reserved(cq, flavor.Name, q.Name)
				r := api.QueueResource{Flavor: string(flavor.Name), Resource: string(q.Name),
					Quota: q.NominalQuota.String(), Used: total.String()}
				if !borrowed.IsZero() {
					r.Borrowed = borrowed.String()
				}
				if q.BorrowingLimit != nil {
					r.BorrowingLimit = q.BorrowingLimit.String()
				}
				out = append(out, r)
			}
		}
	}
	return out
}
