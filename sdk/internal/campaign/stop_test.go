package campaign

import (
	"testing"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
)

// stopped counts the Jobs that carry who stopped them.
func (w *world) stopped() int {
	n := 0
	for _, job := range w.jobs() {
		if job.Annotations[kube.AnnotationStoppedBy] != "" {
			n++
		}
	}
	return n
}

// held counts the Workloads that are not admitted.
func (w *world) held() int {
	w.kueue.mu.Lock()
	defer w.kueue.mu.Unlock()
	n := 0
	for _, active := range w.kueue.active {
		if !active {
			n++
		}
	}
	return n
}

func TestACampaignIsStoppedAndHeldWhileTheStoreIsAway(t *testing.T) {
	for name, tt := range map[string]struct {
		do   func(*world, string) error
		done func(*world, *layout.Record) bool
	}{
		"stopped": {func(w *world, id string) error {
			_, err := w.Stop(w.t.Context(), id, api.CampaignStopOptions{})
			return err
		}, func(w *world, r *layout.Record) bool { return r.Stopped && w.stopped() == 3 }},
		"held": {func(w *world, id string) error {
			_, err := w.Hold(w.t.Context(), id, api.CampaignHoldOptions{})
			return err
		}, func(w *world, r *layout.Record) bool { return r.Held && w.held() == 3 }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.made = w.kueue.add
			id := w.submit(api.CampaignOptions{}).ID
			w.store.away = true
			if err := tt.do(w, id); err != nil {
				t.Error(err)
			}
			if r := w.recordOf(id); !tt.done(w, r) {
				t.Errorf("%d of 3 Jobs are stopped, %d of 3 Workloads held, and the record is %+v", w.stopped(), w.held(), r)
			}
			if !w.warned("the store's copy of its record") {
				t.Errorf("the warnings are %q", w.warnings)
			}
		})
	}
}

// A look at a campaign may find out what its record does not say yet, and then
// writes it down; not so in a dry run.
func TestADryRunLeavesTheRecordAsItIs(t *testing.T) {
	for name, do := range map[string]func(*world, string) error{
		"to stop": func(w *world, id string) error {
			_, err := w.Stop(w.t.Context(), id, api.CampaignStopOptions{DryRun: api.DryRunClient})
			return err
		},
		"to hold": func(w *world, id string) error {
			_, err := w.Hold(w.t.Context(), id, api.CampaignHoldOptions{DryRun: api.DryRunClient})
			return err
		},
		"to clean up": func(w *world, id string) error {
			_, err := w.Cleanup(w.t.Context(), api.CampaignCleanupOptions{Campaigns: []string{id}, Force: true, DryRun: api.DryRunClient})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := w.submit(api.CampaignOptions{}).ID
			w.ask(func(r *layout.Record) { r.Complete = false }) // as one that kubectl has made
			if err := do(w, id); err != nil {
				t.Fatal(err)
			}
			if w.recordOf(id).Complete {
				t.Error("it was changed")
			}
		})
	}
}
