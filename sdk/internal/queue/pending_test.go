package queue

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"
)

func TestThereAreNoPositionsInAQueueThatAdmitsNothing(t *testing.T) {
	with := func(change func(*kueue.ClusterQueue)) *kueue.ClusterQueue {
		cq := clusterQueue(t, eight)
		change(cq)
		return cq
	}
	unseen := func(active metav1.ConditionStatus) *kueue.LocalQueue {
		q := localQueue("vast", "big", kueue.None)
		q.Status.Conditions = []metav1.Condition{{Type: kueue.LocalQueueActive, Status: active}}
		return q
	}
	for name, c := range map[string]struct {
		local   *kueue.LocalQueue
		cluster *kueue.ClusterQueue // nil: it may not be seen
		place   int
		reason  string
	}{
		"it is open": {localQueue("vast", "big", kueue.None), clusterQueue(t, eight), 2, "waits for its turn, 1 ahead"},
		"it is held": {localQueue("vast", "big", kueue.Hold), clusterQueue(t, eight), 0, "queue vast is held"},
		"its ClusterQueue is held": {localQueue("vast", "big", kueue.None), with(func(cq *kueue.ClusterQueue) { cq.Spec.StopPolicy = ptr.To(kueue.Hold) }),
			0, "ClusterQueue big is held"},
		"its ClusterQueue is inactive": {localQueue("vast", "big", kueue.None), with(func(cq *kueue.ClusterQueue) {
			cq.Status.Conditions[0] = metav1.Condition{Type: kueue.ClusterQueueActive, Status: metav1.ConditionFalse, Reason: "FlavorNotFound",
				Message: "Can't admit new workloads: references missing ResourceFlavor(s): y."}
		}), 0, "ClusterQueue big is inactive: references missing ResourceFlavor(s): y"},
		"its ClusterQueue is inactive and not to be seen": {unseen(metav1.ConditionFalse), nil, 0, "ClusterQueue big is held or cannot work"},
		"its ClusterQueue is not to be seen":              {unseen(metav1.ConditionTrue), nil, 2, "waits for its turn, 1 ahead"},
	} {
		t.Run(name, func(t *testing.T) {
			w := waiting("w", time.Hour, needs("cpu", "1"))
			l := &look{now: now, waiting: []*workload{w}, queues: map[string]*kueue.LocalQueue{"ns/vast": c.local},
				places: map[string]places{"big": {"ns/w": {2, 2}}}, partial: map[string]bool{"big": true}}
			if c.cluster != nil {
				l.clusters = map[string]*kueue.ClusterQueue{"big": c.cluster}
			}
			got := l.task(w, nil)
			if got.Position != c.place || got.QueuePosition != c.place || got.PositionPartial != (c.place > 0) || got.Reason != c.reason {
				t.Errorf("place %d, in its queue %d, partial %t: %q; want %d: %q", got.Position, got.QueuePosition, got.PositionPartial, got.Reason, c.place, c.reason)
			}
		})
	}
}
