package sdk_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

const requested = "name: nightly\nrun: echo hello\n"

func TestARequestAdoptsOnlyWhatItWouldHaveMade(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*batchv1.Job)
		says   []string // nil: it is adopted
	}{
		"the same request": {change: func(*batchv1.Job) {}},
		"one of another owner": {func(j *batchv1.Job) {
			j.Annotations[kube.AnnotationCreator], j.Annotations[kube.AnnotationUser] = kube.Hash("eve"), "eve"
		}, []string{`"eve"`, "not by you", "another request id"}},
		"another user's name with control characters": {func(j *batchv1.Job) {
			j.Annotations[kube.AnnotationCreator], j.Annotations[kube.AnnotationUser] = kube.Hash("eve"), "eve\x1b[2J\n"
		}, []string{"not by you"}},
		"forged annotations, and another command": {func(j *batchv1.Job) {
			j.Spec.Template.Spec.Containers[0].Command = []string{"evil"}
		}, []string{"spec.template.spec.containers[task].command"}},
		"forged annotations, and half submitted": {func(j *batchv1.Job) {
			j.Annotations[kube.AnnotationSubmitting] = "true"
			suspend := true
			j.Spec.Suspend = &suspend
			j.Spec.Template.Spec.Containers[0].Image = "evil"
		}, []string{"spec.template.spec.containers[task].image"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			first, err := w.Tasks().Submit(t.Context(), w.parse(requested), api.SubmitOptions{RequestID: "r"})
			if err != nil {
				t.Fatal(err)
			}
			key := "/apis/batch/v1/namespaces/lab/jobs/" + kube.JobName("nightly", first.ID)
			var job batchv1.Job
			if err := json.Unmarshal(w.server.objects[key], &job); err != nil {
				t.Fatal(err)
			}
			tt.change(&job)
			w.server.objects[key], _ = json.Marshal(&job)
			w.forget()
			before := w.state()
			again, err := w.Tasks().Submit(t.Context(), w.parse(requested), api.SubmitOptions{RequestID: "r"})
			if diff := gocmp.Diff(before, w.state()); diff != "" {
				t.Errorf("it changed something:\n%s", diff)
			}
			if tt.says == nil {
				if err != nil || again.ID != first.ID {
					t.Errorf("it is %v (%v), not task %s", again, err, first.ID)
				}
				return
			}
			if wrong := (*api.ConflictError)(nil); !errors.As(err, &wrong) {
				t.Fatalf("it is no Conflict: %v", err)
			}
			for _, words := range tt.says {
				if !strings.Contains(err.Error(), words) {
					t.Errorf("%q is missing in %q", words, err)
				}
			}
			if strings.ContainsAny(err.Error(), "\x1b\n") {
				t.Errorf("control characters of the annotation are in %q", err)
			}
		})
	}
}

// Its id had no creator in it.
func TestARequestThatAnOlderVersionMadeIsFoundAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, err := w.Tasks().Submit(t.Context(), w.parse(requested), api.SubmitOptions{RequestID: "r"})
	if err != nil {
		t.Fatal(err)
	}
	folder := "/apis/batch/v1/namespaces/lab/jobs/"
	key, old := folder+kube.JobName("nightly", first.ID), kube.DerivedID("ann", "r")
	var job batchv1.Job
	if err := json.Unmarshal([]byte(strings.ReplaceAll(string(w.server.objects[key]), first.ID, old)), &job); err != nil {
		t.Fatal(err)
	}
	delete(job.Annotations, kube.AnnotationCreator)
	delete(w.server.objects, key)
	w.server.objects[folder+job.Name], _ = json.Marshal(&job)
	w.forget()
	again, err := w.Tasks().Submit(t.Context(), w.parse(requested), api.SubmitOptions{RequestID: "r"})
	if err != nil || again.ID != old {
		t.Fatalf("it is %v (%v), not task %s", again, err, old)
	}
	if diff := gocmp.Diff([]string(nil), w.changes()); diff != "" {
		t.Error(diff)
	}
}
