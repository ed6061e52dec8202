package queue

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/sdk/api"
)

// asking bounds the concurrent requests for positions.
const asking = 8

// before orders pending Workloads.
func (l *look) before(a, b *workload) int {
	if c := strings.Compare(l.clusterOf(a), l.clusterOf(b)); c != 0 {
		return c
	}
	x, y := l.place(a).inCluster, l.place(b).inCluster
	switch {
	case x > 0 && y > 0:
		return cmp.Compare(x, y)
	case x > 0:
		return -1
	case y > 0:
		return 1
	}
	return compare(a, b)
}

// seePlaces reads the positions from Kueue, by ClusterQueue if the caller may, else by
// LocalQueue.
func (c *Client) seePlaces(ctx context.Context, l *look) {
	l.places = map[string]places{}
	byCluster := map[string][]*kueue.LocalQueue{}
	for _, q := range l.queues {
		if l.queue == "" || l.queue == q.Name {
			byCluster[string(q.Spec.ClusterQueue)] = append(byCluster[string(q.Spec.ClusterQueue)], q)
		}
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	slots := make(chan struct{}, asking)
	for name, queues := range byCluster {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			seen, ok := c.seeCluster(ctx, name, queues)
			if ok {
				mu.Lock()
				defer mu.Unlock()
				l.places[name] = seen
			}
		})
	}
	all.Wait()
}

func (c *Client) seeCluster(ctx context.Context, name string, queues []*kueue.LocalQueue) (places, bool) {
	if seen, ok := c.seenInCluster(ctx, name); ok {
		return seen, true
	}
	out := places{}
	for _, q := range queues {
		seen, ok := c.seenInQueue(ctx, q.Namespace, q.Name)
		if !ok {
			return nil, false
		}
		for key, p := range seen {
			out[key] = p
		}
	}
	return out, true
}

// countPlaces computes the positions that Kueue did not return, from all Workloads that
// the caller may read.
func (c *Client) countPlaces(ctx context.Context, l *look) error {
	l.partial = map[string]bool{}
	unknown := map[string]bool{}
	for _, w := range l.waiting {
		if name := l.clusterOf(w); name != "" && l.places[name] == nil {
			unknown[name] = true
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	everywhere, partial := l, l.namespace != "" || l.queue != ""
	if partial {
		wide := &look{now: l.now}
		err := c.widen(ctx, wide)
		if err != nil && !api.IsForbidden(err) {
			return err
		}
		if err == nil {
			everywhere, partial = wide, false
		}
	}
	for name := range unknown {
		l.places[name] = everywhere.count(name)
		l.partial[name] = partial
	}
	return nil
}

// widen reads the competing Workloads of all namespaces.
func (c *Client) widen(ctx context.Context, l *look) error {
	var reads sync.WaitGroup
	var workloadsErr, queuesErr error
	reads.Go(func() {
		workloadsErr = c.eachWorkload(ctx, "", "", func(w *workload) {
			if w.competes() {
				l.waiting = append(l.waiting, w)
			}
		})
	})
	reads.Go(func() { queuesErr = c.readQueues(ctx, l) })
	reads.Wait()
	return cmp.Or(workloadsErr, queuesErr)
}

// count numbers the Workloads that compete for one ClusterQueue. Those in a held queue
// have no position.
func (l *look) count(cluster string) places {
	var in []*workload
	for _, w := range l.waiting {
		q := l.queues[w.queue()]
		if w.competes() && q != nil && string(q.Spec.ClusterQueue) == cluster && !held(q.Spec.StopPolicy) {
			in = append(in, w)
		}
	}
	slices.SortFunc(in, compare)
	return counted(in)
}
