package task

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

func lease(name, id, progress string) *coordinationv1.Lease {
	return &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "ns",
		Labels: map[string]string{kube.LabelTaskID: id}, Annotations: map[string]string{kube.AnnotationProgress: progress}}}
}

func TestTheLowestRankSpeaksForTheTask(t *testing.T) {
	const early, late = `,"time":"2026-01-01T00:00:01Z"}`, `,"time":"2026-01-01T00:00:02Z"}`
	tests := map[string]struct {
		leases []*coordinationv1.Lease
		want   string
	}{
		"one node":                     {[]*coordinationv1.Lease{lease("job-12345678-0-abcde", "12345678", `{"step":"a"}`)}, "a"},
		"several, in any order":        {[]*coordinationv1.Lease{lease("job-12345678-10-x", "12345678", `{"step":"ten"}`), lease("job-12345678-2-x", "12345678", `{"step":"two"}`)}, "two"},
		"the later pod of a rank":      {[]*coordinationv1.Lease{lease("job-12345678-0-b", "12345678", `{"step":"new"`+late), lease("job-12345678-0-a", "12345678", `{"step":"old"`+early)}, "new"},
		"nonsense is passed over":      {[]*coordinationv1.Lease{lease("job-12345678-0-b", "12345678", `{"fraction":"x"}`), lease("job-12345678-1-a", "12345678", `{"step":"b"}`)}, "b"},
		"another task's is not ours":   {[]*coordinationv1.Lease{lease("job-87654321-0-b", "87654321", `{"step":"x"}`)}, ""},
		"a Lease without a task":       {[]*coordinationv1.Lease{lease("job", "", `{"step":"x"}`)}, ""},
		"a Lease of another namespace": {[]*coordinationv1.Lease{{ObjectMeta: metav1.ObjectMeta{Namespace: "other", Labels: map[string]string{kube.LabelTaskID: "12345678"}}}}, ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			all := latestProgress{}
			for _, l := range tc.leases {
				all.add(l)
			}
			s := api.TaskStatus{ObjectMeta: metav1.ObjectMeta{Namespace: "ns"}, ID: "12345678", Kept: "tasks/12345678/", State: api.Running}
			all.fill(&s)
			got := ""
			if s.Progress != nil {
				got = s.Progress.Step
			}
			if got != tc.want {
				t.Errorf("step %q, want %q", got, tc.want)
			}
		})
	}
}

func TestATaskIsRejectedWhenItEndedByItself(t *testing.T) {
	rejected := &api.Progress{Status: "rejected", Message: "no map in it", Time: metav1.NewTime(time.Unix(1, 0))}
	failed := func(cause api.Cause) api.TaskStatus {
		return api.TaskStatus{State: api.Failed, Reason: "why", Progress: rejected, Diagnosis: &api.Diagnosis{Cause: cause}}
	}
	tests := map[string]struct {
		task   api.TaskStatus
		state  api.State
		reason string
	}{
		"with exit code 0":            {api.TaskStatus{State: api.Succeeded, Progress: rejected}, api.Rejected, "no map in it"},
		"with another exit code":      {failed(api.CauseExit), api.Rejected, "no map in it"},
		"without a message":           {api.TaskStatus{State: api.Succeeded, Progress: &api.Progress{Status: "rejected"}}, api.Rejected, "its input was rejected"},
		"not one that is running":     {api.TaskStatus{State: api.Running, Progress: rejected}, api.Running, ""},
		"not one that was stopped":    {api.TaskStatus{State: api.Stopped, Reason: "stopped by ann", Progress: rejected}, api.Stopped, "stopped by ann"},
		"not one out of memory":       {failed(api.CauseOutOfMemory), api.Failed, "why"},
		"not one past its deadline":   {failed(api.CauseDeadline), api.Failed, "why"},
		"not one that failed somehow": {api.TaskStatus{State: api.Failed, Progress: rejected}, api.Failed, ""},
		"not one that said more":      {api.TaskStatus{State: api.Succeeded, Progress: &api.Progress{Status: "done"}}, api.Succeeded, ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			reject(&tc.task)
			if diff := cmp.Diff([]string{string(tc.state), tc.reason}, []string{string(tc.task.State), tc.task.Reason}); diff != "" {
				t.Error(diff)
			}
		})
	}
}
