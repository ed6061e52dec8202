package campaign

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
)

// lose removes the cluster's copy of a record.
func (w *world) lose(id string) {
	w.t.Helper()
	if err := w.fake.Tracker().Delete(corev1.SchemeGroupVersion.WithResource("configmaps"), "ns", record.ObjectName(id)); err != nil {
		w.t.Fatal(err)
	}
}

// resumeAlone resumes without a file.
func (w *world) resumeAlone(o api.CampaignOptions) (*api.Campaign, error) {
	return w.Run(w.t.Context(), nil, nil, o)
}

func TestADryRunOfAResumptionChangesNothing(t *testing.T) {
	w := newWorld(t)
	id := w.begin(1)
	before := len(w.keys(""))
	if _, err := w.run(api.CampaignOptions{ID: id, DryRun: api.DryRunServer}); !is[*api.InvalidSpecError](err) {
		t.Errorf("it is answered with %v", err)
	}
	if w.recordOf(id).Complete || len(w.jobs()) != 1 || len(w.keys("")) != before {
		t.Errorf("there are %d Jobs and %d objects, and the record is %+v", len(w.jobs()), len(w.keys("")), w.recordOf(id))
	}
	w.submit(api.CampaignOptions{ID: id})
	if !w.recordOf(id).Complete || len(w.jobs()) != 3 {
		t.Errorf("resumed it has %d Jobs and the record %+v", len(w.jobs()), w.recordOf(id))
	}
}

func TestAnUnknownIDStartsANewCampaignWithAWarning(t *testing.T) {
	w := newWorld(t)
	const id = "sweep-2026-11-21-110000"
	if _, err := w.resumeAlone(api.CampaignOptions{ID: id}); !is[*api.NotFoundError](err) {
		t.Errorf("without a file: %v", err)
	}
	w.submit(api.CampaignOptions{ID: id})
	if !w.warned("as a new one") || len(w.jobs()) != 3 || !w.recordOf(id).Complete {
		t.Errorf("%d Jobs are made; the warnings are %q", len(w.jobs()), w.warnings)
	}
}

func TestACampaignOfAnotherNamespaceIsNotBegunAnew(t *testing.T) {
	w := newWorld(t)
	r := layout.Record{Version: layout.RecordVersion, ID: "sweep-2026-11-21-110000", Namespace: "elsewhere"}
	w.put(layout.RecordKey(r.ID), string(r.Marshal()))
	_, err := w.run(api.CampaignOptions{ID: r.ID})
	if !api.IsConflict(err) || !strings.Contains(err.Error(), `in namespace "elsewhere"`) || len(w.jobs()) != 0 {
		t.Errorf("%d Jobs are made: %v", len(w.jobs()), err)
	}
	want := []api.Remedy{{Options: []string{"Namespace=elsewhere"}, Purpose: "look there if that is right"}}
	if diff := cmp.Diff(want, api.Remedies(err)); diff != "" {
		t.Error(diff)
	}
}

// Its Jobs would be made once more, and take away what is kept of the first.
func TestACampaignWithoutARecordInTheClusterContinuesFromTheStores(t *testing.T) {
	for name, resume := range map[string]func(*world, string) error{
		"with its file": func(w *world, id string) error {
			_, err := w.run(api.CampaignOptions{ID: id})
			return err
		},
		"without it": func(w *world, id string) error {
			_, err := w.resumeAlone(api.CampaignOptions{ID: id})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := w.begin(0)
			w.indexed(id, 0, layout.Outcome{State: api.Succeeded}) // its Job has expired
			w.lose(id)
			if err := resume(w, id); err != nil {
				t.Fatal(err)
			}
			for _, job := range w.jobs() {
				if job.Annotations[kube.AnnotationRun] == "0" {
					t.Error("the run that has ended is run again")
				}
			}
			if n := len(w.jobs()); n != 2 || !w.recordOf(id).Complete || !w.warned("has lost the record") {
				t.Errorf("there are %d Jobs, the record is %+v, the warnings are %q", n, w.recordOf(id), w.warnings)
			}
		})
	}
}

func TestWhatCannotBeResumedReportsHowToContinue(t *testing.T) {
	for name, tt := range map[string]struct {
		before func(*world)
		alone  bool
		o      api.CampaignOptions
		says   []string
	}{
		"it was stopped": {func(w *world) { w.ask(func(r *layout.Record) { r.Stopped, r.StoppedBy = true, "bob" }) }, true, api.CampaignOptions{},
			[]string{"by bob", "Campaigns.Rerun @id Failed Stopped"}},
		"its file has changed":              {func(w *world) { w.ask(func(r *layout.Record) { r.FileSHA256 = "x" }) }, false, api.CampaignOptions{}, []string{"another content"}},
		"another number of runs":            {nil, false, api.CampaignOptions{Runs: 5}, []string{"3 runs of 1 configurations", "5 of 1", "runs"}},
		"other runs, without its file":      {nil, true, api.CampaignOptions{Runs: 5}, []string{"3 runs of each", "omit the number of runs"}},
		"configurations, without its file":  {nil, true, api.CampaignOptions{Configs: []string{"a"}}, []string{"Configs: cannot change the configurations"}},
		"its inputs are not in the store":   {func(w *world) { _ = w.store.Delete(w.t.Context(), w.keys("")...) }, true, api.CampaignOptions{}, []string{"Campaigns.Run FILE ID=@id"}},
		"as many runs as before, and it is": {nil, false, api.CampaignOptions{Runs: 3}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			o := tt.o
			o.ID = w.begin(1)
			if tt.before != nil {
				tt.before(w)
			}
			var err error
			if tt.alone {
				_, err = w.resumeAlone(o)
			} else {
				_, err = w.run(o)
			}
			if (err == nil) != (tt.says == nil) {
				t.Fatalf("error %v", err)
			}
			for _, words := range tt.says {
				if words = strings.NewReplacer("@id", o.ID, "FILE", w.file).Replace(words); !strings.Contains(saidBy(err), words) {
					t.Errorf("it does not say %q: %v", words, err)
				}
			}
		})
	}
}

func TestACampaignThatIsWholeIsShownAsItStands(t *testing.T) {
	w := newWorld(t)
	id := w.submit(api.CampaignOptions{}).ID
	w.changeJobs(complete)
	now, err := w.resumeAlone(api.CampaignOptions{ID: id})
	if err != nil || now.Runs.Succeeded != 1 || now.Runs.Queued != 2 || !w.warned("nothing was left to do") {
		t.Errorf("it is shown as %+v; the warnings are %q: %v", now, w.warnings, err)
	}
}

func TestAnInterruptedSubmissionPrintsHowToContinue(t *testing.T) {
	for name, tt := range map[string]struct {
		jobs   int
		broken func(*world)
		says   string
	}{
		"when its inputs are in the store": {1, nil, "Campaigns.Run  ID=@id"},
		"when they are not":                {plenty, func(w *world) { w.store.away = true }, "Campaigns.Run FILE ID=@id"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.jobsLeft = tt.jobs
			if tt.broken != nil {
				tt.broken(w)
			}
			var id string
			_, err := w.run(api.CampaignOptions{Notify: func(p api.CampaignProgress) { id = p.ID + id }})
			words := strings.NewReplacer("@id", id, "FILE", w.file).Replace(tt.says)
			if err == nil || !strings.Contains(saidBy(err), words) {
				t.Errorf("it does not say %q: %v", words, err)
			}
		})
	}
}
