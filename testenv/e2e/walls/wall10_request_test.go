package walls_test

import (
	"encoding/json"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
)

// Whoever may create Jobs may take the name that the task of another user's request
// will have, and write any annotation on it.
func TestWall10ARequestIDIsNotSquatted(t *testing.T) {
	t.Parallel()
	admin := newPerson(t)
	admin.vast("cluster", "setup", "kind").exits(0)
	role, _, _ := strings.Cut(admin.vast("doctor", "--role").exits(0).stdout, "\n---")
	admin.apply(role)
	first, second := admin.bound("first", "Role", "vast-user"), admin.bound("second", "Role", "vast-user")

	task := second.file("task.yaml", "name: nightly\nresources: {cpus: 50m, memory: 32Mi}\nrun: echo hello\n")
	submit := []string{"submit", "-d", task, "--request-id=r", "-o", "jsonpath={.id}"}
	id := second.vast(submit...).exits(0).stdout
	if again := second.vast(submit...).exits(0).stdout; again != id {
		t.Fatalf("the same request is task %q, and then %q", id, again)
	}
	if other := first.vast("submit", "-d", first.file("task.yaml", "name: nightly\nresources: {cpus: 50m, memory: 32Mi}\nrun: echo hello\n"),
		"--request-id=r", "-o", "jsonpath={.id}").exits(0).stdout; other == id {
		t.Errorf("two people share task %s by the name of a request", id)
	}
	honest, err := client.BatchV1().Jobs(admin.namespace).Get(t.Context(), kube.JobName("nightly", id), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	second.vast("delete", id, "--yes", "--wait").exits(0)

	squat := func(change func(*batchv1.Job)) {
		job := &batchv1.Job{TypeMeta: metav1.TypeMeta{APIVersion: "batch/v1", Kind: "Job"},
			ObjectMeta: metav1.ObjectMeta{Name: honest.Name, Labels: honest.Labels, Annotations: map[string]string{}}}
		honest.Spec.DeepCopyInto(&job.Spec)
		for key, value := range honest.Annotations {
			job.Annotations[key] = value
		}
		job.Annotations[kube.AnnotationUser] = "first"
		job.Spec.Selector, job.Spec.ManualSelector = nil, nil
		for key := range job.Spec.Template.Labels {
			if strings.HasPrefix(key, "batch.kubernetes.io/") || key == "controller-uid" || key == "job-name" {
				delete(job.Spec.Template.Labels, key)
			}
		}
		change(job)
		data, err := json.Marshal(job)
		if err != nil {
			t.Fatal(err)
		}
		first.kubectl("create", "-f", first.file("job.json", string(data)))
		r := second.vast(submit...).exits(5).says(`"first"`)
		if r.stdout != "" {
			t.Errorf("the Job of somebody else is reported: %s", r.stdout)
		}
		first.kubectl("delete", "job", honest.Name, "--wait", "--cascade=foreground")
	}
	squat(func(j *batchv1.Job) { j.Annotations[kube.AnnotationCreator] = kube.Hash("first") })
	squat(func(j *batchv1.Job) {
		j.Annotations[kube.AnnotationUser] = "first"
		j.Spec.Template.Spec.Containers[0].Command = []string{"sh", "-c", "echo forged"}
	})

	if anew := second.vast(submit...).exits(0).stdout; anew != id {
		t.Errorf("the request is task %s, not %s", anew, id)
	}
}
