package queue

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"
)

func TestTheReasonNamesWhatIsWaitedFor(t *testing.T) {
	open := localQueue("vast", "big", kueue.None)
	tooMuch := "couldn't assign flavors to pod set main: insufficient quota for cpu in flavor f, previously considered podsets requests (0) + current podset request (500m) > maximum capacity (200m)"
	later := "couldn't assign flavors to pod set main: insufficient unused quota for cpu in flavor f, 150m more needed"
	inCohort := clusterQueue(t, eight)
	inCohort.Spec.CohortName = "all"
	with := func(change func(*kueue.ClusterQueue)) *kueue.ClusterQueue {
		cq := clusterQueue(t, eight)
		change(cq)
		return cq
	}
	held := with(func(cq *kueue.ClusterQueue) { cq.Spec.StopPolicy = ptr.To(kueue.HoldAndDrain) })
	broken := with(func(cq *kueue.ClusterQueue) {
		cq.Status.Conditions[0] = metav1.Condition{Type: kueue.ClusterQueueActive, Status: metav1.ConditionFalse, Reason: "FlavorNotFound",
			Message: "Can't admit new workloads: references missing ResourceFlavor(s): y."}
	})
	cpus := func(n string, c ...metav1.Condition) *workload { return waiting("w", time.Hour, needs("cpu", n), c...) }
	first := cpus("5")
	for name, c := range map[string]struct {
		s     situation
		want  string
		stuck bool
	}{
		"too little is free, and others are before it": {
			situation{w: cpus("4"), local: open, cluster: clusterQueue(t, eight), ahead: 3, first: first},
			"waits for 2 CPU of 8; first in line needs 5", false},
		"too little is free for the first in line": {
			situation{w: cpus("4"), local: open, cluster: clusterQueue(t, eight), first: first}, "waits for 2 CPU of 8", false},
		"enough is free, but others are before it": {
			situation{w: cpus("1"), local: open, cluster: clusterQueue(t, eight), ahead: 2, first: first}, "waits for its turn, 2 ahead", false},
		"enough is free, and it is the first": {
			situation{w: cpus("1"), local: open, cluster: clusterQueue(t, eight)}, "is the next to be looked at", false},
		"its place is not known": {
			situation{w: cpus("1"), local: open, cluster: clusterQueue(t, eight), ahead: -1}, "waits for its turn", false},
		"it needs more than the quota": {
			situation{w: cpus("16"), local: open, cluster: clusterQueue(t, eight)}, "needs 16 CPU, the quota is 8: it can never start", true},
		"it needs what there is no quota for": {
			situation{w: waiting("w", 0, needs("nvidia.com/gpu", "1")), local: open, cluster: clusterQueue(t, eight)},
			"needs 1 nvidia.com/gpu, ClusterQueue big has no quota for it: it can never start", true},
		"its queue is held": {
			situation{w: cpus("1"), local: localQueue("vast", "big", kueue.Hold), cluster: clusterQueue(t, eight)}, "queue vast is held", true},
		"its ClusterQueue is held": {
			situation{w: cpus("1"), local: open, cluster: held}, "ClusterQueue big is held, and puts back what ran", true},
		"its ClusterQueue cannot work": {
			situation{w: cpus("1"), local: open, cluster: broken}, "ClusterQueue big is inactive: references missing ResourceFlavor(s): y", true},
		"its ClusterQueue is gone": {
			situation{w: cpus("1"), local: open, seesClusters: true}, "queue vast leads to ClusterQueue big, which does not exist", true},
		"its queue is gone": {
			situation{w: cpus("1"), seesQueues: true}, "there is no queue vast in namespace ns", true},
		"Kueue reports what is missing where quota may not be read": {
			situation{w: cpus("1", said(later)), local: open, ahead: 1, first: first}, "waits for 0.15 CPU; first in line needs 5", false},
		"Kueue reports that it is too much where quota may not be read": {
			situation{w: cpus("1", said(tooMuch)), local: open}, "needs 0.5 CPU, the quota is 0.2: it can never start", true},
		"Kueue reports what is missing in a cohort": {
			situation{w: cpus("4", said(later)), local: open, cluster: inCohort}, "waits for 0.15 CPU of 8", false},
		"in a cohort nothing is permanent": {
			situation{w: cpus("16"), local: open, cluster: inCohort}, "is the next to be looked at", false},
		"room is being made": {
			situation{w: cpus("4", said(later+". Pending the preemption of 1 workload(s)")), local: open, cluster: clusterQueue(t, eight)},
			"room is being made for it", false},
		"a flavor's taint": {
			situation{w: cpus("1", said("couldn't assign flavors to pod set main: untolerated taint {gpu true NoSchedule <nil>} in flavor f")), local: open, cluster: clusterQueue(t, eight)},
			"does not tolerate the taint {gpu true NoSchedule <nil>} of flavor f", true},
		"its node selector": {
			situation{w: cpus("1", said("couldn't assign flavors to pod set main: flavor f doesn't match node affinity")), local: open, cluster: clusterQueue(t, eight)},
			"its node selector does not fit flavor f", true},
		"a namespace that the ClusterQueue does not serve": {
			situation{w: cpus("1", said("Workload namespace doesn't match ClusterQueue selector")), local: open, cluster: clusterQueue(t, eight)},
			"Kueue says: workload namespace doesn't match ClusterQueue selector", true},
	} {
		t.Run(name, func(t *testing.T) {
			c.s.now = now
			if got := c.s.verdict(); got.reason != c.want || got.stuck != c.stuck {
				t.Errorf("%q, stuck %t; want %q, stuck %t", got.reason, got.stuck, c.want, c.stuck)
			}
		})
	}
}

func TestTheReasonReportsWhatKueueDidWithTheWorkload(t *testing.T) {
	reserved := metav1.Condition{Type: kueue.WorkloadQuotaReserved, Status: metav1.ConditionTrue}
	for name, c := range map[string]struct {
		change func(*workload)
		want   string
	}{
		"it has quota, and a check is pending": {func(w *workload) {
			w.Status.Conditions = append(w.Status.Conditions, reserved)
			w.Status.AdmissionChecks = append(w.Status.AdmissionChecks, struct {
				Name    string           `json:"name"`
				State   kueue.CheckState `json:"state"`
				Message string           `json:"message"`
			}{"provision", kueue.CheckStatePending, "Waiting for machines."})
		}, "has its quota, waits for admission check provision: waiting for machines"},
		"it is about to start": {func(w *workload) { w.Status.Conditions = append(w.Status.Conditions, reserved) },
			"has its quota, is about to start"},
		"it is tried again later": {func(w *workload) {
			w.Status.RequeueState = &kueue.RequeueState{Count: ptr.To[int32](2), RequeueAt: ptr.To(metav1.NewTime(now.Add(90 * time.Second)))}
		}, "is tried again in 1m30s (was put back 2 times)"},
		"it was tried again already": {func(w *workload) {
			w.Status.RequeueState = &kueue.RequeueState{Count: ptr.To[int32](2), RequeueAt: ptr.To(metav1.NewTime(now.Add(-time.Second)))}
		}, "is the next to be looked at"},
		"it was deactivated": {func(w *workload) { w.Spec.Active = ptr.To(false) },
			"out of the queue: its Workload has been deactivated"},
		"Kueue gave up": {func(w *workload) {
			w.Spec.Active = ptr.To(false)
			w.Status.Conditions = append(w.Status.Conditions, evictedFor(kueue.WorkloadDeactivated,
				"The workload is deactivated due to exceeding the maximum number of re-queuing retries"))
		}, "out of the queue for good: exceeding the maximum number of re-queuing retries"},
	} {
		t.Run(name, func(t *testing.T) {
			w := waiting("w", time.Hour, corev1.ResourceList{})
			c.change(w)
			s := situation{w: w, now: now, local: localQueue("vast", "big", kueue.None), cluster: clusterQueue(t, eight)}
			if got := s.verdict().reason; got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
