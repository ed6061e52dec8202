package task

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/sdk/api"
)

// A real cluster shows this state for a second or two only: the pod of the lost
// node is still reported as running while those of the others are deleted.
func TestAListReportsTheLostNodeBehindTheDeletedPods(t *testing.T) {
	now := metav1.Now()
	job := &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: "train-abcdefgh", Namespace: "lab", UID: "1"},
		Spec:       batchv1.JobSpec{Completions: ptr.To[int32](2), Parallelism: ptr.To[int32](2)},
		Status: batchv1.JobStatus{StartTime: &now, Conditions: []batchv1.JobCondition{
			{Type: batchv1.JobFailureTarget, Status: corev1.ConditionTrue, Reason: batchv1.JobReasonBackoffLimitExceeded}}},
	}
	pod := func(rank string, status corev1.PodStatus) corev1.Pod {
		return corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: job.Name + "-" + rank, Namespace: "lab", Labels: jobSet(job.Name),
				Annotations:     map[string]string{batchv1.JobCompletionIndexAnnotation: rank},
				OwnerReferences: []metav1.OwnerReference{{UID: job.UID, Controller: ptr.To(true)}}},
			Spec:   corev1.PodSpec{NodeName: "machine-" + rank},
			Status: status,
		}
	}
	lost := pod("0", corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{
		{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: "DeletionByTaintManager"}}})
	deleted := pod("1", corev1.PodStatus{Phase: corev1.PodFailed, ContainerStatuses: []corev1.ContainerStatus{
		{Name: "task", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 143, FinishedAt: now}}}}})
	deleted.DeletionTimestamp = ptr.To(metav1.NewTime(now.Add(10 * time.Second)))
	deleted.DeletionGracePeriodSeconds = ptr.To[int64](30)

	cluster := fake.NewClientset(job)
	cluster.PrependReactor("list", "pods", func(a clienttesting.Action) (bool, runtime.Object, error) {
		if !a.(clienttesting.ListAction).GetListRestrictions().Fields.Empty() {
			return true, &corev1.PodList{Items: []corev1.Pod{deleted}}, nil // those that are not well
		}
		return true, &corev1.PodList{Items: []corev1.Pod{lost, deleted}}, nil
	})
	c := &Client{conn: &access.Conn{Kube: cluster, Namespace: "lab"}}
	tasks := []api.TaskStatus{fromJob(job)}
	e := &explanation{c: c, namespace: "lab", tasks: tasks, jobs: map[types.UID]*batchv1.Job{"1": job}}
	if err := e.explain(t.Context(), "", []int{0}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(tasks[0].Reason, "node 0 lost its machine machine-0") {
		t.Errorf("%s: %q", tasks[0].State, tasks[0].Reason)
	}
}

func TestWhoWatchesReadsWhyPodsLackNotOncePerTask(t *testing.T) {
	for name, tc := range map[string]struct{ err error }{
		"what it reads":                {nil},
		"also where it cannot be read": {apierrors.NewServiceUnavailable("the API server starts")},
	} {
		t.Run(name, func(t *testing.T) {
			cluster, lists := fake.NewClientset(), 0
			cluster.PrependReactor("list", "events", func(clienttesting.Action) (bool, runtime.Object, error) {
				lists++
				return true, &corev1.EventList{}, tc.err
			})
			c := &Client{conn: &access.Conn{Kube: cluster, Config: &rest.Config{}, Namespace: "lab"}}
			refused := c.refusedPods(t.Context(), "lab")
			for range 3 {
				refused()
			}
			if diff := cmp.Diff(1, lists); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
