package queue

import (
	"context"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/sdk/api"
)

// scope selects what is read.
type scope struct {
	// namespace is empty for all; queue, if set, is the name of LocalQueues.
	namespace, queue string
}

// look is a snapshot of the queues and their Workloads.
type look struct {
	scope
	now time.Time
	// waiting are the pending Workloads of the scope, unordered.
	waiting []*workload
	// running are the admitted Workloads by the UID of their owner, to name the
	// preemptor of others.
	running map[types.UID]*workload
	// rates are by "namespace/LocalQueue", and by ClusterQueue.
	queueRates, clusterRates map[string]*rate
	// queues are by "namespace/name"; queues and clusters are nil if the caller may
	// not read them.
	queues   map[string]*kueue.LocalQueue
	clusters map[string]*kueue.ClusterQueue
	lenders  *cohorts
	// places are by ClusterQueue; partial marks those that count only what the caller
	// may read.
	places  map[string]places
	partial map[string]bool
}

// look reads the queues of a scope and their Workloads: the Workloads in pages of 500
// and, concurrently, the queues, their cohorts, and the positions that Kueue reports.
func (c *Client) look(ctx context.Context, s scope) (*look, error) {
	l := &look{scope: s, now: time.Now(), running: map[types.UID]*workload{},
		queueRates: map[string]*rate{}, clusterRates: map[string]*rate{}}
	var (
		reads                                sync.WaitGroup
		workloadsErr, queuesErr, clustersErr error
	)
	reads.Go(func() { workloadsErr = c.eachWorkload(ctx, s.namespace, "", l.add) })
	reads.Go(func() {
		if l.clusters, clustersErr = c.clusterQueues(ctx); clustersErr == nil && inCohorts(l.clusters) {
			l.lenders, clustersErr = c.cohorts(ctx, l.clusters)
		}
	})
	reads.Go(func() {
		if queuesErr = c.readQueues(ctx, l); queuesErr == nil {
			c.seePlaces(ctx, l)
		} else if api.IsForbidden(queuesErr) {
			queuesErr = nil // Workloads are reported without their positions
		}
	})
	reads.Wait()
	for _, err := range []error{workloadsErr, queuesErr, clustersErr} {
		if err != nil {
			return nil, err
		}
	}
	if err := c.countPlaces(ctx, l); err != nil {
		return nil, err
	}
	return l, nil
}

// add records one Workload.
func (l *look) add(w *workload) {
	if w.waits() {
		if l.queue == "" || l.queue == w.Spec.QueueName {
			l.waiting = append(l.waiting, w)
		}
	}
	if !w.is(kueue.WorkloadQuotaReserved) {
		return
	}
	if !w.is(kueue.WorkloadFinished) {
		l.running[w.owner().UID] = w
	}
	note(l.queueRates, w.queue(), w, l.now)
	if l.namespace == "" && w.Status.Admission != nil {
		note(l.clusterRates, w.Status.Admission.ClusterQueue, w, l.now)
	}
}

func note(rates map[string]*rate, key string, w *workload, now time.Time) {
	if rates[key] == nil {
		rates[key] = &rate{}
	}
	rates[key].add(w, now)
}

func (c *Client) readQueues(ctx context.Context, l *look) error {
	list, err := c.localQueues(ctx, l.namespace)
	if err != nil {
		return err
	}
	l.queues = map[string]*kueue.LocalQueue{}
	for i := range list {
		l.queues[list[i].Namespace+"/"+list[i].Name] = &list[i]
	}
	return nil
}

// localQueues returns the LocalQueues that were read.
func (l *look) localQueues() []kueue.LocalQueue {
	all := make([]kueue.LocalQueue, 0, len(l.queues))
	for _, q := range l.queues {
		all = append(all, *q)
	}
	return all
}

// clusterOf returns the ClusterQueue of a Workload; empty if its LocalQueue does not
// exist or may not be read.
func (l *look) clusterOf(w *workload) string {
	if q := l.queues[w.queue()]; q != nil {
		return string(q.Spec.ClusterQueue)
	}
	if w.Status.Admission != nil {
		return w.Status.Admission.ClusterQueue
	}
	return ""
}

// place returns the position of a Workload; zero if it has none or it is unknown.
func (l *look) place(w *workload) place { return l.places[l.clusterOf(w)][w.key()] }

// firsts returns the first pending Workload of each ClusterQueue, if it is in the scope.
func (l *look) firsts() map[string]*workload {
	out := map[string]*workload{}
	for _, w := range l.waiting {
		if l.place(w).inCluster == 1 {
			out[l.clusterOf(w)] = w
		}
	}
	return out
}

// sorted returns the pending Workloads by ClusterQueue and position, those without a
// position last.
func (l *look) sorted() []*workload {
	return slices.SortedFunc(slices.Values(l.waiting), l.before)
}
