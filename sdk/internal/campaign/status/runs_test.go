package status

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
)

func TestAJobListsItsRuns(t *testing.T) {
	for name, tt := range map[string]struct {
		annotations map[string]string
		want        []layout.RunRef
	}{
		"one":     {map[string]string{kube.AnnotationConfig: "a-1", kube.AnnotationRun: "3"}, []layout.RunRef{{Config: "a-1", Run: 3}}},
		"several": {map[string]string{kube.AnnotationRuns: "a/0 b/12"}, []layout.RunRef{{Config: "a", Run: 0}, {Config: "b", Run: 12}}},
		"none":    {nil, nil},
		"written by hand": {map[string]string{kube.AnnotationRuns: "a/x b /0 c/1/2 d/1"},
			[]layout.RunRef{{Config: "d", Run: 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			got := runsOf(&batchv1.Job{ObjectMeta: metav1.ObjectMeta{Annotations: tt.annotations}})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want,+got):\n%s", diff)
			}
		})
	}
}

func TestTheIndexHasTheOutcomeUnlessTheJobIsUnfinished(t *testing.T) {
	then, later := noon, noon.Add(time.Hour)
	job := func(s api.State) *Run { return &Run{State: s, taskID: "aaaaaaaa", ended: then} }
	packed := func(s api.State) *Run { return &Run{State: s, taskID: "aaaaaaaa", ended: then, packed: true} }
	index := func(s api.State, c api.Cause) *Run { return &Run{State: s, Cause: c, ended: later} }
	unexplained := job(api.Failed)
	unexplained.unexplained = &batchv1.Job{}
	late := job(api.Failed)
	late.Cause, late.reason = api.CauseDeadline, "it ran for longer than 5s"
	for name, tt := range map[string]struct {
		job, index *Run
		want       Run
	}{
		"its Job is gone": {nil, index(api.Failed, api.CauseExit), Run{State: api.Failed, Cause: api.CauseExit, ended: later}},
		"the index lacks it": {late, nil,
			Run{State: api.Failed, Cause: api.CauseDeadline, reason: "it ran for longer than 5s", taskID: "aaaaaaaa", ended: then}},
		"it was interrupted and waits again": {&Run{State: api.Queued, taskID: "aaaaaaaa"}, index(api.Stopped, ""),
			Run{State: api.Queued, taskID: "aaaaaaaa"}},
		"a packed run has ended, its Job has not": {&Run{State: api.Running, taskID: "aaaaaaaa", packed: true}, index(api.Succeeded, ""),
			Run{State: api.Succeeded, taskID: "aaaaaaaa", packed: true, ended: later}},
		"a packed run succeeded, its Job failed": {packed(api.Failed), index(api.Succeeded, ""),
			Run{State: api.Succeeded, taskID: "aaaaaaaa", packed: true, ended: later}},
		"the input was judged": {job(api.Failed), index(api.Rejected, ""), Run{State: api.Rejected, taskID: "aaaaaaaa", ended: then}},
		"judged, with exit code 0": {job(api.Succeeded), index(api.Rejected, ""),
			Run{State: api.Rejected, taskID: "aaaaaaaa", ended: then}},
		"a second attempt succeeded": {job(api.Succeeded), index(api.Failed, api.CauseEvicted),
			Run{State: api.Succeeded, taskID: "aaaaaaaa", ended: then}},
		"stopped by a user": {job(api.Stopped), index(api.Failed, api.CauseSignal), Run{State: api.Stopped, taskID: "aaaaaaaa", ended: then}},
		"the index explains what the Job does not": {unexplained, index(api.Failed, api.CauseOutOfMemory),
			Run{State: api.Failed, Cause: api.CauseOutOfMemory, taskID: "aaaaaaaa", ended: then}},
		"both have the cause and the Job has the reason": {late, index(api.Failed, api.CauseDeadline),
			Run{State: api.Failed, Cause: api.CauseDeadline, reason: "it ran for longer than 5s", taskID: "aaaaaaaa", ended: then}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, merge(tt.job, tt.index), cmp.AllowUnexported(Run{})); diff != "" {
				t.Errorf("(-want,+got):\n%s", diff)
			}
		})
	}
}

func TestARunIsUnfinishedWhileItsResultIsBeingSaved(t *testing.T) {
	for name, tt := range map[string]struct {
		status api.TaskStatus
		want   api.State
	}{
		"failed":  {api.TaskStatus{State: api.Failed, Reason: "too late"}, api.Failed},
		"saving":  {api.TaskStatus{State: api.Failed, Reason: "too late", Saving: true}, api.Running},
		"stopped": {api.TaskStatus{State: api.Stopped, Saving: true}, api.Stopped}, // stop reports it at once
	} {
		t.Run(name, func(t *testing.T) {
			if got := fromJob(&batchv1.Job{}, &tt.status); got.State != tt.want {
				t.Errorf("%s, want %s", got.State, tt.want)
			}
		})
	}
}

func TestARunThatIsPendingByItsJobHasTheStateOfItsPods(t *testing.T) {
	image := Run{State: api.Pending, Cause: api.CauseImagePull, reason: "no such image"}
	exit := Run{State: api.Failed, Cause: api.CauseExit, reason: "ended with exit code 3"}
	for name, tt := range map[string]struct {
		job, pods, want Run
	}{
		"it waits for its image":              {Run{State: api.Pending}, image, image},
		"its pod has failed, its Job is late": {Run{State: api.Pending}, exit, Run{State: api.Running, saving: true}},
		"it has ended, and is being saved": {Run{State: api.Pending}, Run{State: api.Running, saving: true},
			Run{State: api.Running, saving: true}},
		"it runs, and its Job is late":                  {Run{State: api.Pending}, Run{State: api.Running}, Run{State: api.Running}},
		"its Job has failed, and the pod has the cause": {Run{State: api.Failed}, exit, exit},
		"its pods are gone":                             {Run{State: api.Pending}, Run{}, Run{State: api.Pending}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tt.job.explained(tt.pods); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}
