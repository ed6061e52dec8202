package queue

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"
	visibility "sigs.k8s.io/kueue/apis/visibility/v1beta2"
)

// let makes a Workload that was created and admitted so long ago.
func let(created, in time.Duration) *workload {
	return waiting("w", created, nil, metav1.Condition{Type: kueue.WorkloadQuotaReserved, Status: metav1.ConditionTrue,
		LastTransitionTime: metav1.NewTime(now.Add(-in))})
}

func TestAnEstimateNeedsSomethingToGoBy(t *testing.T) {
	minute := time.Minute
	many := make([]*workload, 500)
	for i := range many {
		many[i] = let(time.Hour, time.Duration(i)*time.Second) // one a second, the newest now
	}
	for name, c := range map[string]struct {
		let      []*workload
		position int
		want     time.Duration // 0: none
	}{
		"none was admitted":                    {nil, 1, 0},
		"one was admitted":                     {[]*workload{let(9*minute, 4*minute)}, 1, 0},
		"two were admitted":                    {[]*workload{let(9*minute, 4*minute), let(9*minute, 1*minute)}, 1, 4 * minute},
		"the third in line waits for three":    {[]*workload{let(9*minute, 4*minute), let(9*minute, 2*minute), let(9*minute, 0)}, 3, 6 * minute},
		"who did not wait says nothing":        {[]*workload{let(9*minute, 4*minute), let(1*minute, 1*minute)}, 1, 0},
		"what was long ago says nothing":       {[]*workload{let(90*minute, 45*minute), let(9*minute, 1*minute)}, 1, 0},
		"who waits says nothing":               {[]*workload{waiting("w", time.Hour, nil), let(9*minute, 1*minute)}, 1, 0},
		"only the last fifty say something":    {many, 10, 10 * time.Second},
		"without a place there is no estimate": {[]*workload{let(9*minute, 4*minute), let(9*minute, 1*minute)}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := &rate{}
			for _, w := range c.let {
				r.add(w, now)
			}
			got := r.start(c.position, now)
			switch {
			case got == nil && c.want != 0:
				t.Errorf("no estimate, want %s", c.want)
			case got != nil && got.Sub(now) != c.want:
				t.Errorf("in %s, want %s", got.Sub(now), c.want)
			}
			if len(r.times) > 4*rateMost {
				t.Errorf("%d times are kept", len(r.times))
			}
		})
	}
}

func TestPlacesAreTheSameEachTime(t *testing.T) {
	at := func(ns, name string, priority int32, age time.Duration) visibility.PendingWorkload {
		return visibility.PendingWorkload{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name,
			CreationTimestamp: metav1.NewTime(now.Add(-age))}, Priority: priority, LocalQueueName: "vast"}
	}
	first, b, a, last := at("n", "first", 9, 0), at("n", "b", 0, time.Hour), at("m", "a", 0, time.Hour), at("n", "last", 0, time.Minute)
	for name, list := range map[string][]visibility.PendingWorkload{
		"as they are":                      {first, a, b, last},
		"those of one second turned round": {first, b, a, last},
		"one twice, from two torn pages":   {first, a, b, a, last},
	} {
		t.Run(name, func(t *testing.T) {
			got := numbered(list)
			want := places{"n/first": {1, 1}, "m/a": {2, 1}, "n/b": {3, 2}, "n/last": {4, 3}}
			for key, p := range want {
				if got[key] != p {
					t.Errorf("%s is at %v, want %v", key, got[key], p)
				}
			}
		})
	}
}
