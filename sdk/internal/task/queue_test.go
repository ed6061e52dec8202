package task

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// A queue that a label names is the task's: its Job waits for Kueue, and its pods
// are not for Kueue to look at one by one.
func TestAQueueByLabelIsTheJobs(t *testing.T) {
	const label = "kueue.x-k8s.io/queue-name"
	byLabels := "run: x\nresources: {labels: {" + label + ": team-q, team: a}}\n"
	byPods := "run: x\nconfig: {kubernetes: {pod_config: {metadata: {labels: {" + label + ": team-q, kueue.x-k8s.io/priority-class: high}}}}}\n"
	for name, tc := range map[string]struct {
		file, flag      string
		queue, priority string
		says            string
	}{
		"by the task's labels":            {byLabels, "", "team-q", "", ""},
		"by those of its pods":            {byPods, "", "team-q", "high", ""},
		"the option goes before it":       {byLabels, "night", "night", "", `queue "night" overrides queue "team-q" of the file`},
		"the option may say none":         {byPods, "none", "", "", `queue "none" overrides queue "team-q" of the file`},
		"the same by the option":          {byLabels, "team-q", "team-q", "", ""},
		"the option before the own field": {"run: x\nconfig: {kubernetes: {kueue: {local_queue_name: team-q}}}\n", "night", "night", "", `queue "night" overrides`},
	} {
		t.Run(name, func(t *testing.T) {
			rendered, err := offline(t, "here").Render(parse(t, tc.file).Tasks[0], api.SubmitOptions{Queue: tc.flag})
			if err != nil {
				t.Fatal(err)
			}
			job := rendered.Objects[len(rendered.Objects)-1].(*batchv1.Job)
			got := []string{job.Labels[kube.LabelQueue], job.Labels[kube.LabelQueuePriority],
				job.Spec.Template.Labels[kube.LabelQueue] + job.Spec.Template.Labels[kube.LabelQueuePriority]}
			if diff := cmp.Diff([]string{tc.queue, tc.priority, ""}, got); diff != "" {
				t.Errorf("queue, priority, and the pods' labels (-want +got):\n%s", diff)
			}
			if rendered.Task.Queue != tc.queue {
				t.Errorf("the task's queue is %q", rendered.Task.Queue)
			}
			if suspended := ptr.Deref(job.Spec.Suspend, false); suspended != (tc.queue != "") {
				t.Errorf("suspended: %v", suspended)
			}
			var messages []string
			for _, n := range rendered.Warnings {
				messages = append(messages, n.Message)
			}
			if got := strings.Join(messages, "\n"); !strings.Contains(got, tc.says) || tc.says == "" && strings.Contains(got, "queue") {
				t.Errorf("says %q, want %q", got, tc.says)
			}
		})
	}
}

func TestATaskStartsAtOnceOnlyIfItDoes(t *testing.T) {
	free := &batchv1.Job{}
	gated := &batchv1.Job{}
	gated.Spec.Template.Spec.SchedulingGates = []corev1.PodSchedulingGate{{Name: "example.com/wait"}}
	suspended := &batchv1.Job{Spec: batchv1.JobSpec{Suspend: ptr.To(true)}}
	for name, tc := range map[string]struct {
		job  *batchv1.Job
		want bool
	}{
		"nothing holds it back":             {free, true},
		"a scheduling gate does":            {gated, false},
		"the cluster has suspended its Job": {suspended, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := fromJob(tc.job)
			if got := unqueued(&s, tc.job); strings.Contains(got, "starts at once") != tc.want {
				t.Errorf("says %q", got)
			}
		})
	}
}
