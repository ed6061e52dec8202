package record

import (
	"encoding/json"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow"
)

// named is a specification of two tasks whose objects have all names that contain the id of a
// run.
func named(t *testing.T) (*Reader, []string) {
	t.Helper()
	tasks := []string{"train", "a-task-with-a-name-that-is-too-long-for-a-pod"}
	var w Writer
	var g workflow.Workflow
	for _, task := range tasks {
		o := objectsOf(task, `{"run":"`+runID+`"}`)
		o.Job.Labels = map[string]string{kube.LabelWorkflow: runID}
		o.Job.Spec.Template.Spec.Subdomain = "group-" + runID
		c := &o.Job.Spec.Template.Spec.Containers[0]
		c.Args = append(c.Args, "tasks/x/refs/"+runID)
		c.Env = append(c.Env, corev1.EnvVar{Name: "SKYPILOT_TASK_ID", Value: kube.StepBase(runID, task)},
			corev1.EnvVar{Name: "TOKEN", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: kube.RunSecret(runID, 3)}}}})
		if err := w.Add(o); err != nil {
			t.Fatal(err)
		}
		g.Tasks = append(g.Tasks, workflow.Task{Name: task})
	}
	parts, err := w.Parts(Spec{Workflow: g, Hosts: "group-" + runID})
	if err != nil {
		t.Fatal(err)
	}
	r, err := Read(parts)
	if err != nil {
		t.Fatal(err)
	}
	return r, tasks
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestTheObjectsOfARerunHaveNothingOfTheRunBefore(t *testing.T) {
	const other = "zyxwvuts"
	r, tasks := named(t)
	for _, task := range tasks {
		o, err := r.Renamed(task, runID, other)
		if err != nil {
			t.Fatal(err)
		}
		text := jsonOf(t, o)
		for _, want := range []string{kube.StepName(other, task, 1), kube.StepID(other, task, 1), kube.RunSecret(other, 3), "refs/" + other, `"group-` + other + `"`, `\"` + other + `\"`} {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %s:\n%s", task, want, text)
			}
		}
		// Scripts find their checkpoints by this one.
		rest := strings.ReplaceAll(text, `"`+kube.StepBase(runID, task)+`"`, "")
		if strings.Contains(rest, runID) || strings.Contains(text, kube.StepID(runID, task, 1)) {
			t.Errorf("%s has something of the run before:\n%s", task, text)
		}
	}
}

func TestARunOfATemplateHasOnlyTheSecretsOfTheTemplate(t *testing.T) {
	const first, again = "zyxwvuts", "qrstuvwx"
	r, tasks := named(t)
	template := &Template{Run: New{ID: runID, Schedule: "nightly", Workflow: "nightly", User: "alice"}, Parts: 1,
		Driver: &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: kube.RunDriver(runID), Labels: map[string]string{kube.LabelWorkflow: runID}}}}
	parts, err := template.Instances(r, first)
	if err != nil {
		t.Fatal(err)
	}
	run, err := Read(parts)
	if err != nil {
		t.Fatal(err)
	}
	if run.Secrets != runID || run.Hosts != "group-"+first {
		t.Errorf("the secrets are those of %q, the hosts %q", run.Secrets, run.Hosts)
	}
	for _, task := range tasks {
		raw, err := run.Text(task)
		if err != nil {
			t.Fatal(err)
		}
		text := string(raw)
		if rest := strings.ReplaceAll(text, kube.RunSecret(runID, 3), ""); strings.Contains(rest, runID) || rest == text || !strings.Contains(text, `"`+kube.StepBase(first, task)+`"`) {
			t.Errorf("the objects of %s:\n%s", task, text)
		}
		o, err := run.Renamed(task, first, again) // of a rerun, which has its own Secrets
		if err != nil {
			t.Fatal(err)
		}
		if text := jsonOf(t, o); strings.Contains(text, runID) || !strings.Contains(text, kube.RunSecret(again, 3)) {
			t.Errorf("the objects of %s in a rerun:\n%s", task, text)
		}
	}
	cm, err := template.Object(metav1.OwnerReference{Name: "vast-schedule-nightly", UID: "c1"})
	if err != nil {
		t.Fatal(err)
	}
	cm.UID = "t1"
	read, err := TemplateOf(cm)
	if err != nil {
		t.Fatal(err)
	}
	n, job, err := read.Instance(first)
	if err != nil {
		t.Fatal(err)
	}
	if n.ID != first || n.Template != runID || n.Schedule != "nightly" || job.Name != kube.RunDriver(first) || job.Labels[kube.LabelWorkflow] != first {
		t.Errorf("the run is %+v, its driver %+v", n, job.ObjectMeta)
	}
	for _, change := range []func(*corev1.ConfigMap){
		func(cm *corev1.ConfigMap) { cm.Name = kube.RunName(first) }, func(cm *corev1.ConfigMap) { cm.Labels = nil },
		func(cm *corev1.ConfigMap) { cm.Data = nil }, func(cm *corev1.ConfigMap) { cm.Data = map[string]string{"template": "{"} },
	} {
		wrong := cm.DeepCopy()
		change(wrong)
		if _, err := TemplateOf(wrong); err == nil {
			t.Errorf("%+v is a template", wrong)
		}
	}
}
