package manifest

import (
	"encoding/json"
	"testing"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
)

func TestAJobThatIsReleasedIsTheJobThatWasAskedFor(t *testing.T) {
	for name, tt := range map[string]struct {
		file, queue, priority string
	}{
		"without a queue it may start": {file: "run: x\nnum_nodes: 2"},
		"in a queue it waits":          {file: "run: x\nnum_nodes: 2", queue: "vast", priority: "vast-high"},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(t, "task.yaml", tt.file)
			in.Queue, in.QueuePriority = tt.queue, tt.priority
			objects, err := Build(in)
			if err != nil {
				t.Fatal(err)
			}
			held := objects.Unreleased()
			if !ptr.Deref(held.Spec.Suspend, false) || held.Labels[kube.LabelQueue] != "" {
				t.Errorf("Kubernetes, or Kueue, could start it: suspend %v, labels %v", held.Spec.Suspend, held.Labels)
			}
			released := patched(t, objects, held)
			if got, want := released.Labels[kube.LabelQueue], tt.queue; got != want {
				t.Errorf("queue %q, want %q", got, want)
			}
			if got, want := released.Labels[kube.LabelQueuePriority], tt.priority; got != want {
				t.Errorf("priority %q, want %q", got, want)
			}
			if got, want := ptr.Deref(released.Spec.Suspend, false), tt.queue != ""; got != want {
				t.Errorf("suspended %v, want %v", got, want)
			}
			if _, still := released.Annotations[kube.AnnotationSubmitting]; still {
				t.Error("it still counts as being submitted")
			}
		})
	}
}

func patched(t *testing.T, o *Objects, job *batchv1.Job) *batchv1.Job {
	t.Helper()
	patch, err := o.Release("one")
	if err != nil {
		t.Fatal(err)
	}
	before, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	after, err := jsonpatch.MergePatch(before, patch)
	if err != nil {
		t.Fatal(err)
	}
	out := &batchv1.Job{}
	if err := json.Unmarshal(after, out); err != nil {
		t.Fatal(err)
	}
	return out
}
