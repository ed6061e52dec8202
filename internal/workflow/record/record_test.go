package record

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow"
)

const runID = "abcdefgh"

// objectsOf are those of a task as a client renders them.
func objectsOf(task, script string) *Objects {
	name, id := kube.StepName(runID, task, 1), kube.StepID(runID, task, 1)
	meta := metav1.ObjectMeta{Name: name, Namespace: "lab", Labels: map[string]string{kube.LabelTaskID: id},
		Annotations: map[string]string{kube.AnnotationStep: task, kube.AnnotationKept: "tasks/" + id + "/"}}
	job := &batchv1.Job{ObjectMeta: *meta.DeepCopy()}
	job.Spec.Template.Spec.Containers = []corev1.Container{{Name: "task", Args: []string{script}, Env: []corev1.EnvVar{{Name: "VAST_TASK_ID", Value: id}}}}
	return &Objects{Job: job, Services: []corev1.Service{{ObjectMeta: meta, Spec: corev1.ServiceSpec{Selector: map[string]string{batchv1.JobNameLabel: name}}}}}
}

// specOf writes the specification of n tasks.
func specOf(t testing.TB, n int) [][]byte {
	t.Helper()
	var w Writer
	var g workflow.Workflow
	for i := range n {
		name := fmt.Sprintf("task-%d", i)
		g.Tasks = append(g.Tasks, workflow.Task{Name: name})
		if err := w.Add(objectsOf(name, strings.Repeat("echo hello; ", 200)+name)); err != nil {
			t.Fatal(err)
		}
	}
	parts, err := w.Parts(Spec{Workflow: g})
	if err != nil {
		t.Fatal(err)
	}
	return parts
}

func TestTenThousandTasksAreAFewPartsAndEachIsFound(t *testing.T) {
	const n = 10_000
	parts := specOf(t, n)
	size := 0
	for i, part := range parts {
		if size += len(part); len(part) > PartSize {
			t.Errorf("part %d has %d bytes", i, len(part))
		}
	}
	t.Logf("%d parts, %d bytes", len(parts), size)
	r, err := Read(parts)
	if err != nil {
		t.Fatal(err)
	}
	run := &Run{ID: runID, Name: kube.RunName(runID), UID: "u"}
	for _, i := range []int{0, 1, n / 2, n - 1, 17} {
		name := fmt.Sprintf("task-%d", i)
		o, err := r.Attempt(run, name, 1)
		if err != nil {
			t.Fatal(err)
		}
		if o.Job.Name != kube.StepName(runID, name, 1) || !strings.HasSuffix(o.Job.Spec.Template.Spec.Containers[0].Args[0], "; "+name) || !run.IsOwned(o.Job) {
			t.Errorf("task %d is %+v", i, o.Job)
		}
	}
	if _, err := r.Attempt(run, "none", 1); err == nil {
		t.Error("a task that does not exist is found")
	}
	var header Header
	for i := 0; !header.Complete(); i++ {
		header.Add(parts[i])
	}
	if s, err := header.Spec(); err != nil || len(s.Workflow.Tasks) != n {
		t.Errorf("the header: %v", err)
	}
}

func TestALaterAttemptHasItsOwnNameAndID(t *testing.T) {
	r, err := Read(specOf(t, 3))
	if err != nil {
		t.Fatal(err)
	}
	o, err := r.Attempt(&Run{ID: runID, UID: "u"}, "task-1", 12)
	if err != nil {
		t.Fatal(err)
	}
	name, id := kube.StepName(runID, "task-1", 12), kube.StepID(runID, "task-1", 12)
	job := o.Job
	if job.Name != name || job.Labels[kube.LabelTaskID] != id || job.Annotations[kube.AnnotationKept] != "tasks/"+id+"/" ||
		job.Annotations[kube.AnnotationAttempt] != "12" || job.Spec.Template.Spec.Containers[0].Env[0].Value != id ||
		o.Services[0].Name != name || o.Services[0].Spec.Selector[batchv1.JobNameLabel] != name {
		t.Errorf("the second attempt is %+v with %+v", job, o.Services[0])
	}
	if kube.StepName(runID, "task-1", 1) == name || len(kube.StepName(runID, strings.Repeat("x", 63), 9999)) > 57 {
		t.Error("the names of attempts")
	}
}

func TestAnIncompleteSpecificationIsAnError(t *testing.T) {
	parts := specOf(t, 3000)
	all := bytes.Join(parts, nil)
	for _, n := range []int{0, 7, 8, 100, len(all) / 2, len(all) - 1} {
		if _, err := Read([][]byte{all[:n]}); err == nil {
			t.Errorf("%d of %d bytes are read without an error", n, len(all))
		}
	}
}

func TestTheStateOfTenThousandTasksFitsIntoOneObject(t *testing.T) {
	s := workflow.State{Version: workflow.StateVersion, Phase: workflow.PhaseRunning, Tasks: map[string]workflow.TaskState{}}
	var g workflow.Workflow
	for i := range 10_000 {
		g.Tasks = append(g.Tasks, workflow.Task{Name: fmt.Sprintf("a-task-with-a-rather-long-name-%d", i)})
		s.Tasks[g.Tasks[i].Name] = workflow.TaskState{Status: workflow.StatusFailed, Attempt: 1 + i%3, Scheduled: true,
			Created: true, Cause: "OutOfMemory", Started: 1_790_000_000 + int64(i*7919%5000), Ended: 1_790_010_000 + int64(i*104729%5000)}
	}
	run := &Run{ID: runID}
	fields, err := Fields(run, s, &g, "pod/x")
	if err != nil {
		t.Fatal(err)
	}
	data := fields["binaryData"].(map[string]any)[stateKey].([]byte)
	t.Logf("%d bytes", len(data))
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: kube.RunName(runID), Labels: map[string]string{kube.LabelKind: kube.KindWorkflow, kube.LabelWorkflow: runID}},
		BinaryData: map[string][]byte{stateKey: data}}
	back, err := FromObject(cm)
	if err != nil || !back.State.Equal(s) {
		t.Errorf("the state is not read as it was written: %v", err)
	}
	if got := Summarize(s, 10_000); got.Failed != 10_000 || got.Tasks != 10_000 {
		t.Errorf("the summary is %+v", got)
	}
}
