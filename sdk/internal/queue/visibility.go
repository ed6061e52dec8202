package queue

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	visibility "sigs.k8s.io/kueue/apis/visibility/v1beta2"
)

const (
	// visibilityPage is the number of positions per request. Each response is sorted
	// anew, so few large pages keep the order consistent.
	visibilityPage = 5000
	// visibilityPatience bounds the wait for Kueue's visibility server, without which
	// positions can be computed.
	visibilityPatience = 5 * time.Second
)

// place is the position of a Workload, from 1.
type place struct{ inCluster, inQueue int }

// places are those of the Workloads of one ClusterQueue, by "namespace/name".
type places map[string]place

// seenInCluster reads the positions in a ClusterQueue from Kueue.
func (c *Client) seenInCluster(ctx context.Context, clusterQueue string) (places, bool) {
	list, ok := c.pending(ctx, "clusterqueues/"+clusterQueue)
	if !ok {
		return nil, false
	}
	return numbered(list), true
}

// seenInQueue reads the positions of the Workloads of one LocalQueue from Kueue. They
// count those of other queues as well.
func (c *Client) seenInQueue(ctx context.Context, namespace, name string) (places, bool) {
	list, ok := c.pending(ctx, "namespaces/"+namespace+"/localqueues/"+name)
	if !ok {
		return nil, false
	}
	out := places{}
	for i := range list {
		p := &list[i]
		out[p.Namespace+"/"+p.Name] = place{int(p.PositionInClusterQueue) + 1, int(p.PositionInLocalQueue) + 1}
	}
	return out, true
}

// pending reads one of the lists of Kueue's visibility API. It returns false for any
// error: the API may be disabled, unavailable, or forbidden to the caller.
func (c *Client) pending(ctx context.Context, of string) ([]visibility.PendingWorkload, bool) {
	set, err := c.conn.Kueue()
	if err != nil {
		return nil, false
	}
	ctx, cancel := context.WithTimeout(ctx, visibilityPatience)
	defer cancel()
	var all []visibility.PendingWorkload
	for {
		var page visibility.PendingWorkloadsSummary
		err := set.VisibilityV1beta2().RESTClient().Get().MaxRetries(0).
			AbsPath("/apis/visibility.kueue.x-k8s.io/v1beta2/"+of+"/pendingworkloads").
			Param("limit", strconv.Itoa(visibilityPage)).Param("offset", strconv.Itoa(len(all))).
			Do(ctx).Into(&page)
		if err != nil {
			return nil, false
		}
		all = append(all, page.Items...)
		if len(page.Items) < visibilityPage {
			return all, true
		}
	}
}

// numbered returns the positions of a ClusterQueue's list. Kueue's order of Workloads
// with the same priority and creation second differs between responses; here they are
// ordered by name. The positions in LocalQueues are counted here, because Kueue
// confuses LocalQueues of the same name in different namespaces.
func numbered(list []visibility.PendingWorkload) places {
	for from := 0; from < len(list); {
		to := from + 1
		for to < len(list) && list[to].Priority == list[from].Priority && list[to].CreationTimestamp.Equal(&list[from].CreationTimestamp) {
			to++
		}
		slices.SortFunc(list[from:to], func(a, b visibility.PendingWorkload) int {
			return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name))
		})
		from = to
	}
	out, inQueue := make(places, len(list)), map[string]int{}
	for i := range list {
		p := &list[i]
		key := p.Namespace + "/" + p.Name
		if _, twice := out[key]; twice {
			continue
		}
		queue := p.Namespace + "/" + string(p.LocalQueueName)
		inQueue[queue]++
		out[key] = place{len(out) + 1, inQueue[queue]}
	}
	return out
}

// counted numbers sorted Workloads of one ClusterQueue.
func counted(sorted []*workload) places {
	out, inQueue := make(places, len(sorted)), map[string]int{}
	for i, w := range sorted {
		inQueue[w.queue()]++
		out[w.key()] = place{i + 1, inQueue[w.queue()]}
	}
	return out
}
