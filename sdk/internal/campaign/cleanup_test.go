package campaign

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
)

func (w *world) counts(id string) (api.CampaignState, api.RunCounts) {
	w.t.Helper()
	now, err := w.Current(w.t.Context(), id, api.DryRunNone)
	if err != nil {
		w.t.Fatal(err)
	}
	return now.State, now.Runs
}

func (w *world) cleanup(o api.CampaignCleanupOptions) *api.CampaignCleanup {
	w.t.Helper()
	done, err := w.Cleanup(w.t.Context(), o)
	if err != nil {
		w.t.Fatal(err)
	}
	return done
}

var (
	complete = ends(batchv1.JobComplete, "")
	failed   = ends(batchv1.JobFailed, batchv1.JobReasonBackoffLimitExceeded)
)

func TestRunsAreCountedTheSameWhenTheirJobsAreCleanedUp(t *testing.T) {
	stopped := func(job *batchv1.Job) { job.Annotations[kube.AnnotationStoppedBy] = "ann" }
	for name, tt := range map[string]struct {
		jobs []func(*batchv1.Job)
		// agent is what it said of the runs that it saw.
		agent map[int]layout.Outcome
		state api.CampaignState
		runs  api.RunCounts
	}{
		"the agent saw all of them": {[]func(*batchv1.Job){complete, complete, failed},
			map[int]layout.Outcome{0: {State: api.Succeeded}, 1: {State: api.Rejected}, 2: {State: api.Failed, Cause: api.CauseExit}},
			api.CampaignFailed, api.RunCounts{Total: 3, Succeeded: 1, Rejected: 1, Failed: 1}},
		"one failed before its pod had begun": {[]func(*batchv1.Job){complete, complete, failed},
			map[int]layout.Outcome{0: {State: api.Succeeded}, 1: {State: api.Succeeded}},
			api.CampaignFailed, api.RunCounts{Total: 3, Succeeded: 2, Failed: 1}},
		"some were stopped in the queue": {[]func(*batchv1.Job){complete, stopped, stopped},
			map[int]layout.Outcome{0: {State: api.Succeeded}},
			api.CampaignStopped, api.RunCounts{Total: 3, Succeeded: 1, Stopped: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := w.submit(api.CampaignOptions{}).ID
			w.changeJobs(tt.jobs...)
			for run, o := range tt.agent {
				w.indexed(id, run, o)
			}
			for _, when := range []string{"before", "after"} {
				if when == "after" {
					if done := w.cleanup(api.CampaignCleanupOptions{Campaigns: []string{id}}); done.Jobs != 3 || len(w.jobs()) != 0 {
						t.Errorf("%d Jobs are reported as removed, and %d left", done.Jobs, len(w.jobs()))
					}
					w.Client = w.again()
				}
				state, runs := w.counts(id)
				if diff := cmp.Diff(tt.runs, runs); diff != "" || state != tt.state {
					t.Errorf("%s, it is %s (-want,+got):\n%s", when, state, diff)
				}
			}
		})
	}
}

func TestAnUnfinishedCampaignIsCleanedUpOnlyWithForce(t *testing.T) {
	w := newWorld(t)
	id := w.submit(api.CampaignOptions{}).ID
	w.changeJobs(complete)
	_, err := w.Cleanup(t.Context(), api.CampaignCleanupOptions{Campaigns: []string{id}})
	if !is[*api.ConflictError](err) || !strings.Contains(err.Error(), "1 of its 3 runs") || len(w.jobs()) != 3 {
		t.Errorf("%d Jobs are left: %v", len(w.jobs()), err)
	}
	if done := w.cleanup(api.CampaignCleanupOptions{}); len(done.Campaigns) != 0 || !w.warned("has not ended") {
		t.Errorf("without a name %q are removed", done.Campaigns)
	}
	w.cleanup(api.CampaignCleanupOptions{Campaigns: []string{id}, Force: true})
	state, runs := w.counts(id)
	if diff := cmp.Diff(api.RunCounts{Total: 3, Succeeded: 1, Stopped: 2}, runs); diff != "" || state != api.CampaignStopped {
		t.Errorf("it is %s (-want,+got):\n%s", state, diff)
	}
}

// The Jobs of packed runs end a few seconds after the agent has written the
// outcomes.
func TestACampaignWhoseRunsHaveEndedIsCleanedUpBeforeItsJobsEnd(t *testing.T) {
	w := newWorld(t)
	id := w.submit(api.CampaignOptions{}).ID
	jobs := w.jobs()
	w.changeJobs(func(job *batchv1.Job) { job.Annotations[kube.AnnotationRuns] = "a/0 a/1 a/2" })
	for _, job := range jobs {
		if job.Annotations[kube.AnnotationRun] != "0" {
			if err := w.fake.Tracker().Delete(batchv1.SchemeGroupVersion.WithResource("jobs"), "ns", job.Name); err != nil {
				t.Fatal(err)
			}
		}
	}
	for run := range 3 {
		w.indexed(id, run, layout.Outcome{State: api.Succeeded})
	}
	if done := w.cleanup(api.CampaignCleanupOptions{Campaigns: []string{id}}); done.Jobs != 1 || len(w.jobs()) != 0 {
		t.Errorf("%d Jobs are reported as removed, and %d left", done.Jobs, len(w.jobs()))
	}
}

func TestAPreparedCampaignIsWholeOnceAllItsRunsHaveBeenSeen(t *testing.T) {
	w := newWorld(t)
	id := w.submit(api.CampaignOptions{}).ID
	w.ask(func(r *layout.Record) { r.Complete = false }) // as prepare writes it
	if state, _ := w.counts(id); state != api.CampaignQueued || !w.recordOf(id).Complete {
		t.Errorf("it is %s, and its record %+v", state, w.recordOf(id))
	}
	w.changeJobs(complete, complete)
	last := w.jobs()[slices.IndexFunc(w.jobs(), func(job batchv1.Job) bool { return job.Annotations[kube.AnnotationRun] == "2" })]
	if err := w.fake.Tracker().Delete(batchv1.SchemeGroupVersion.WithResource("jobs"), "ns", last.Name); err != nil {
		t.Fatal(err)
	}
	if state, runs := w.counts(id); state != api.CampaignFailed || runs.Missing != 1 {
		t.Errorf("with one run lost it is %s: %+v", state, runs)
	}
	if done := w.cleanup(api.CampaignCleanupOptions{Campaigns: []string{id}}); done.Jobs != 2 {
		t.Errorf("%d Jobs are removed", done.Jobs)
	}
}

func TestThePackOfACampaignIsRemovedWithItsLastUser(t *testing.T) {
	elsewhere := func(w *world, inputs string) {
		r := layout.Record{Version: layout.RecordVersion, ID: "other-2026-11-21-110000", Namespace: "elsewhere", Inputs: inputs}
		w.put(layout.RecordKey(r.ID), string(r.Marshal()))
	}
	for name, tt := range map[string]struct {
		others func(w *world, inputs string)
		stays  bool
	}{
		"no other campaign has it":               {func(*world, string) {}, false},
		"a campaign of another namespace has it": {elsewhere, true},
		"one of another namespace has another":   {func(w *world, _ string) { elsewhere(w, "abc") }, false},
		"one whose inputs are still on their way has it": {func(w *world, inputs string) {
			m := record.Object(&layout.Record{Version: layout.RecordVersion, ID: "other-2026-11-21-110000", Namespace: "ns", Inputs: inputs})
			if err := w.fake.Tracker().Create(corev1.SchemeGroupVersion.WithResource("configmaps"), m, "ns"); err != nil {
				w.t.Fatal(err)
			}
		}, true},
		"another one's record cannot be read":  {func(w *world, _ string) { w.put(layout.RecordKey("other"), `{"version": 99}`) }, true},
		"of another one only results are left": {func(w *world, _ string) { w.put(layout.CampaignPrefix("other")+"a/0/out", "") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			first, second := w.submit(api.CampaignOptions{}).ID, w.submit(api.CampaignOptions{}).ID
			w.changeJobs(complete, complete, complete, complete, complete, complete)
			both := api.CampaignCleanupOptions{Campaigns: []string{first, second}, Data: true, DryRun: api.DryRunClient}
			planned := w.cleanup(both)
			w.cleanup(api.CampaignCleanupOptions{Campaigns: []string{first}, Data: true})
			if n := len(w.keys(layout.Inputs)); n != 1 {
				t.Fatalf("%d packs are left for the second campaign", n)
			}
			tt.others(w, w.recordOf(second).Inputs)
			if _, err := w.store.Stat(t.Context(), layout.RecordKey(second)); err != nil {
				t.Fatal(err)
			}
			w.cleanup(api.CampaignCleanupOptions{Campaigns: []string{second}, Data: true})
			if left := len(w.keys(layout.Inputs)) > 0; left != tt.stays {
				t.Errorf("left: %v", left)
			}
			if _, _, err := w.records.Get(t.Context(), second); !api.IsNotFound(err) || len(w.keys(layout.CampaignPrefix(second))) > 0 {
				t.Errorf("of the campaign is left: %v, %q", err, w.keys(layout.CampaignPrefix(second)))
			}
			if planned.Objects != 11 || planned.Jobs != 6 {
				t.Errorf("a dry run counted %d objects and %d Jobs", planned.Objects, planned.Jobs)
			}
		})
	}
}

// The results may take minutes to remove: who submits meanwhile keeps its pack.
func TestAPackThatIsTakenWhileResultsAreRemovedStays(t *testing.T) {
	w := newWorld(t)
	id := w.submit(api.CampaignOptions{}).ID
	w.changeJobs(complete, complete, complete)
	inputs := w.recordOf(id).Inputs
	w.store.deleted = func() {
		w.store.deleted = nil
		r := layout.Record{Version: layout.RecordVersion, ID: "other-2026-11-21-110000", Namespace: "elsewhere", Inputs: inputs}
		w.put(layout.RecordKey(r.ID), string(r.Marshal()))
	}
	w.cleanup(api.CampaignCleanupOptions{Campaigns: []string{id}, Data: true})
	if len(w.keys(layout.Inputs)) != 1 {
		t.Error("the pack is gone")
	}
}
