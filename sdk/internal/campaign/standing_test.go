package campaign

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/campaigntest"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
)

// Lists of results and of campaigns say the same of one campaign.
func TestACampaignStandsTheSameForWhoListsResults(t *testing.T) {
	for name, tc := range map[string]struct {
		do   func(*world, string)
		want api.CampaignState
	}{
		"all waits":                             {func(*world, string) {}, api.CampaignQueued},
		"held":                                  {func(w *world, _ string) { w.ask(func(r *layout.Record) { r.Held = true }) }, api.CampaignHeld},
		"all succeeded, and the Jobs are there": {func(w *world, _ string) { w.changeJobs(complete, complete, complete) }, api.CampaignSucceeded},
		"stopped, with runs that failed before": {func(w *world, id string) {
			w.indexed(id, 0, layout.Outcome{State: api.Failed, Cause: api.CauseExit})
			stop := ends(batchv1.JobFailed, batchv1.JobReasonDeadlineExceeded)
			stopped := func(job *batchv1.Job) {
				stop(job)
				job.Annotations[kube.AnnotationStoppedBy] = "ann"
			}
			w.changeJobs(failed, stopped, stopped)
			w.ask(func(r *layout.Record) { r.Stopped = true })
		}, api.CampaignStopped},
		"one failed, and the Jobs were cleaned up": {func(w *world, id string) {
			w.indexed(id, 0, layout.Outcome{State: api.Failed, Cause: api.CauseExit})
			w.indexed(id, 1, layout.Outcome{State: api.Succeeded})
			w.indexed(id, 2, layout.Outcome{State: api.Succeeded})
			w.changeJobs(failed, complete, complete)
			w.cleanup(api.CampaignCleanupOptions{Campaigns: []string{id}})
		}, api.CampaignFailed},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := w.submit(api.CampaignOptions{}).ID
			tc.do(w, id)
			w.Client = w.again()
			monitored, _ := w.counts(id)
			standing, err := w.Standing(t.Context(), w.records.Conn, w.store, false)
			if err != nil || standing[id] == nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([2]api.CampaignState{tc.want, tc.want}, [2]api.CampaignState{monitored, standing[id].State}); diff != "" {
				t.Errorf("monitor and results (-want,+got):\n%s", diff)
			}
		})
	}
}

func TestCampaignsOfAllNamespaces(t *testing.T) {
	w := newWorld(t)
	here := w.submit(api.CampaignOptions{}).ID
	r, _ := campaigntest.ThreeDaysOld()
	r.Namespace, r.User, r.Complete = "lab", "ann", true
	object := record.Object(r)
	object.Namespace = "lab"
	if err := w.fake.Tracker().Add(object); err != nil {
		t.Fatal(err)
	}
	found := func(o api.CampaignListOptions) map[string]string {
		list, err := w.again().List(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for _, c := range list.Items {
			out[c.ID] = c.Namespace
		}
		return out
	}
	if diff := cmp.Diff(map[string]string{here: "ns"}, found(api.CampaignListOptions{Brief: true})); diff != "" {
		t.Errorf("of one namespace (-want,+got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{here: "ns", r.ID: "lab"}, found(api.CampaignListOptions{AllNamespaces: true, Brief: true})); diff != "" {
		t.Errorf("of all (-want,+got):\n%s", diff)
	}
	if _, err := w.List(t.Context(), api.CampaignListOptions{AllNamespaces: true, Refs: []string{here}}); err == nil {
		t.Error("a name and all namespaces go together")
	}
}
