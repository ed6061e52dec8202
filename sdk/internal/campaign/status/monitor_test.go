package status

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/campaigntest"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
	"github.com/kubevast/vast/sdk/internal/task"
)

func watching(t *testing.T, cluster *fake.Clientset) *Reader {
	conn := &access.Conn{Kube: cluster, Namespace: "lab", Warn: func(m string, _ ...api.Remedy) { t.Log("warning:", m) }}
	return New(record.New(conn, nil), task.New(conn, nil, nil), nil)
}

// states are the campaigns that Monitor shows.
func states(t *testing.T, c *Reader, o api.CampaignListOptions) map[string]api.CampaignState {
	t.Helper()
	list, err := c.List(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]api.CampaignState{}
	for _, item := range list.Items {
		out[item.ID] = item.State
	}
	return out
}

// Who waits for the end of all campaigns has to see the end of each.
func TestACampaignThatWasSeenIsStillSeenWhenItHasEnded(t *testing.T) {
	r, job := campaigntest.ThreeDaysOld()
	cluster := fake.NewClientset(record.Object(r), job)
	c := watching(t, cluster)
	everybodys := api.CampaignListOptions{AllUsers: true}
	if diff := cmp.Diff(map[string]api.CampaignState{r.ID: api.CampaignRunning}, states(t, c, everybodys)); diff != "" {
		t.Errorf("while it runs (-want,+got):\n%s", diff)
	}
	job.Status = batchv1.JobStatus{Succeeded: 1, Conditions: []batchv1.JobCondition{{Type: batchv1.JobComplete, Status: "True"}}}
	if _, err := cluster.BatchV1().Jobs("lab").UpdateStatus(t.Context(), job, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]api.CampaignState{r.ID: api.CampaignSucceeded}, states(t, c, everybodys)); diff != "" {
		t.Errorf("after its end (-want,+got):\n%s", diff)
	}
	if shown := states(t, watching(t, cluster), everybodys); len(shown) > 0 {
		t.Errorf("who looks later is shown %v", shown)
	}
}

// Its Jobs have expired, and how they ended is in a store that is not there.
func TestOutcomesInAnUnavailableStoreAreNotReported(t *testing.T) {
	r, _ := campaigntest.ThreeDaysOld()
	c := watching(t, fake.NewClientset(record.Object(r)))
	if got := states(t, c, api.CampaignListOptions{Refs: []string{r.ID}})[r.ID]; got != api.CampaignUnknown || got.Ended() {
		t.Errorf("it is %s", got)
	}
}

func TestABriefLookReadsOnlyRecords(t *testing.T) {
	r, job := campaigntest.ThreeDaysOld()
	cluster := fake.NewClientset(record.Object(r), job)
	list, err := watching(t, cluster).List(t.Context(), api.CampaignListOptions{Brief: true, AllUsers: true})
	if err != nil || len(list.Items) != 1 || list.Items[0].ID != r.ID {
		t.Fatalf("%+v, %v", list, err)
	}
	for _, a := range cluster.Actions() {
		if a.GetResource().Resource != "configmaps" || a.GetVerb() != "list" {
			t.Errorf("a request to %s %s", a.GetVerb(), a.GetResource().Resource)
		}
	}
}

// A Job of packed runs is long, and is needed once.
func TestPackedRunsShareOneCopyOfTheirJob(t *testing.T) {
	r, job := campaigntest.ThreeDaysOld()
	job.Annotations = map[string]string{kube.AnnotationCampaign: r.ID, kube.AnnotationRuns: "a/0 a/1"}
	job.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobFailed, Status: "True", Reason: batchv1.JobReasonBackoffLimitExceeded}}
	jobs, err := watching(t, fake.NewClientset(job)).JobRuns(t.Context(), []string{r.ID}, true)
	if err != nil {
		t.Fatal(err)
	}
	first, second := jobs[r.ID][layout.RunRef{Config: "a"}], jobs[r.ID][layout.RunRef{Config: "a", Run: 1}]
	if first.unexplained == nil || first.unexplained != second.unexplained {
		t.Errorf("%p and %p", first.unexplained, second.unexplained)
	}
}
