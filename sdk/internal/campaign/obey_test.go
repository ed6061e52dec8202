package campaign

import (
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/run"
)

func TestWhoSubmitsObeysWhatIsAskedForMeanwhile(t *testing.T) {
	const runs = run.CheckEvery * 5 / 2 // a look that is late is waited for at the next one
	stop := func(r *layout.Record) { r.Stopped, r.StoppedBy = true, "bob" }
	hold := func(r *layout.Record) { r.Held = true }
	for name, tt := range map[string]struct {
		after int // so many Jobs
		ask   func(*layout.Record)
		ok    func(*world, error) bool
	}{
		"stopped in the middle, no more Jobs are made and those that were are stopped": {run.CheckEvery / 2, stop, func(w *world, err error) bool {
			n := len(w.jobs())
			return n < runs && w.stopped() == n && is[*api.ConflictError](err)
		}},
		"stopped with the last Job, all are stopped": {runs, stop, func(w *world, err error) bool {
			return w.stopped() == runs && is[*api.ConflictError](err) && strings.Contains(err.Error(), "bob")
		}},
		"held in the middle, those that follow are held, too": {run.CheckEvery / 2, hold, func(w *world, err error) bool {
			return len(w.jobs()) == runs && w.held() == runs && err == nil
		}},
		"held with the last Job, all are held": {runs, hold, func(w *world, err error) bool {
			return w.held() == runs && err == nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			n := 0
			w.made = func(job *batchv1.Job) {
				w.kueue.add(job)
				if n++; n == tt.after {
					w.ask(tt.ask)
				}
			}
			_, err := w.run(api.CampaignOptions{Runs: runs})
			if !tt.ok(w, err) {
				t.Errorf("%d of %d Jobs are made, %d stopped, %d held: %v", len(w.jobs()), runs, w.stopped(), w.held(), err)
			}
		})
	}
}

// A hold that is over while it is being done to the Jobs leaves none behind.
func TestAHoldThatIsOverHoldsNothing(t *testing.T) {
	w := newWorld(t)
	w.made = w.kueue.add
	id := w.submit(api.CampaignOptions{}).ID
	before := *w.recordOf(id)
	before.Held = true // as it was read before it was resumed
	if err := w.FollowRecord(t.Context(), &before); err != nil || w.held() != 0 {
		t.Errorf("%d Workloads are held: %v", w.held(), err)
	}
}
