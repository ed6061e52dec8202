package queue

import (
	"slices"
	"time"

	"k8s.io/utils/ptr"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"
)

const (
	// rateWindow and rateMost bound the admissions that an estimate uses, by time and
	// by number.
	rateWindow = 30 * time.Minute
	rateMost   = 50
	// noWait is the longest time until an admission that counts as immediate: bursts
	// that a queue admits at once do not show how long others wait.
	noWait = 2 * time.Second
)

// rate holds the times of a queue's last admissions after a wait, unordered.
type rate struct{ times []time.Time }

// add records the admission of a Workload.
func (r *rate) add(w *workload, now time.Time) {
	c := w.condition(kueue.WorkloadQuotaReserved)
	if c == nil || c.Status != "True" {
		return
	}
	at := c.LastTransitionTime.Time
	if at.Sub(w.Metadata.CreationTimestamp.Time) <= noWait || now.Sub(at) > rateWindow {
		return
	}
	r.times = append(r.times, at)
	if len(r.times) >= 4*rateMost {
		r.trim()
	}
}

// trim drops all but the last admissions.
func (r *rate) trim() {
	slices.SortFunc(r.times, func(a, b time.Time) int { return b.Compare(a) })
	r.times = r.times[:min(len(r.times), rateMost)]
}

// start estimates when the Workload at a position (from 1) is admitted, from the
// average time between the recorded admissions. It returns nil if there are fewer
// than two.
func (r *rate) start(position int, now time.Time) *time.Time {
	if r == nil || position < 1 {
		return nil
	}
	r.trim()
	if len(r.times) < 2 {
		return nil
	}
	oldest := r.times[len(r.times)-1]
	each := max(now.Sub(oldest), time.Second) / time.Duration(len(r.times)-1)
	return ptr.To(now.Add(time.Duration(position) * each))
}
