package queue

import (
	"slices"
	"time"

	"k8s.io/utils/ptr"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"
)

const (
	// rateWindow is how far back an estimate looks, and rateMost at how many
	// of the last admissions.
	rateWindow = 30 * time.Minute
	rateMost   = 50
	// noWait is how long somebody may have waited who did not wait: a queue
	// with room lets a burst in at once, which says nothing about waiting.
	noWait = 2 * time.Second
)

// rate is when a queue let tasks in that had waited: the last ones, unordered.
type rate struct{ times []time.Time }

// add takes note of one Workload's admission.
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

// trim keeps the last ones.
func (r *rate) trim() {
	slices.SortFunc(r.times, func(a, b time.Time) int { return b.Compare(a) })
	r.times = r.times[:min(len(r.times), rateMost)]
}

// start estimates when the one at a position (from 1) is let in: as many
// admissions from now as there are before it, at the pace since the oldest one
// that is looked at. nil if there are fewer than two to go by.
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
