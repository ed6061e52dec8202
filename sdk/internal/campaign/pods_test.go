package campaign

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/status"
)

// add adds an object behind everybody's back.
func (w *world) add(o runtime.Object) {
	w.t.Helper()
	if err := w.fake.Tracker().Add(o); err != nil {
		w.t.Fatal(err)
	}
}

// Their Jobs are alike: admitted, and with no pod that is ready or has succeeded.
func TestSavingStartingAndUnstartableRunsAreDistinguished(t *testing.T) {
	w := newWorld(t)
	id := w.submit(api.CampaignOptions{}).ID
	letIn := func(pods int32) func(*batchv1.Job) {
		return func(job *batchv1.Job) {
			job.Spec.Suspend = ptr.To(false)
			job.Status = batchv1.JobStatus{Active: pods, Ready: ptr.To[int32](0), StartTime: ptr.To(metav1.Now())}
		}
	}
	w.changeJobs(letIn(1), letIn(1), letIn(0))
	for _, job := range w.jobs() {
		main := corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}}
		phase := corev1.PodPending
		switch job.Annotations[kube.AnnotationRun] {
		case "0": // it has ended
			phase, main = corev1.PodRunning, corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{StartedAt: metav1.Now(), FinishedAt: metav1.Now()}}
		case "2": // its pod may not be made
			w.add(&corev1.Event{ObjectMeta: metav1.ObjectMeta{Name: "refused", Namespace: "ns"}, Reason: "FailedCreate",
				InvolvedObject: corev1.ObjectReference{Kind: "Job", UID: job.UID},
				Message:        `Error creating: pods "x" is forbidden: failed quota: hard: must specify limits.cpu for: task`})
			continue
		}
		w.add(&corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: job.Name + "-0", Namespace: "ns", UID: types.UID(job.Name + "-0"), Labels: job.Spec.Template.Labels,
				Annotations:     map[string]string{batchv1.JobCompletionIndexAnnotation: "0"},
				OwnerReferences: []metav1.OwnerReference{{UID: job.UID, Controller: ptr.To(true)}}},
			Spec: job.Spec.Template.Spec,
			Status: corev1.PodStatus{Phase: phase, ContainerStatuses: []corev1.ContainerStatus{{Name: kube.ContainerTask, State: main}},
				InitContainerStatuses: []corev1.ContainerStatus{{Name: kube.ContainerKeep, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}}})
	}
	list, err := w.List(t.Context(), api.CampaignListOptions{Refs: []string{id}})
	if err != nil {
		t.Fatal(err)
	}
	now := list.Items[0]
	if diff := cmp.Diff(api.RunCounts{Total: 3, Saving: 1, Pending: 2}, now.Runs); diff != "" || now.State != api.CampaignRunning {
		t.Errorf("state %s (-want +got):\n%s", now.State, diff)
	}
	want := []api.WaitingGroup{
		{State: api.Pending, Count: 1, Reason: status.Starting, Example: "a/1"},
		{State: api.Pending, Cause: api.CauseQuota, Count: 1, Example: "a/2",
			Reason: "its pods cannot be created: quota hard of the namespace requires every container to set its limits.cpu for: task"},
	}
	if diff := cmp.Diff(want, now.Waiting); diff != "" {
		t.Errorf("why they wait (-want +got):\n%s", diff)
	}
}
