package task

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// began is when the Jobs of these tests were admitted.
var began = metav1.NewTime(time.Date(2026, 11, 29, 9, 30, 31, 0, time.UTC))

func after(seconds int) metav1.Time {
	return metav1.NewTime(began.Add(time.Duration(seconds) * time.Second))
}

// admitted is a Job in the state of Kubernetes 1.36.3 while its pods start, and
// while they save their results: in both cases none is ready and none has
// succeeded.
func admitted(name string, nodes int32) *batchv1.Job {
	return &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "lab", UID: types.UID(name),
			Labels:      map[string]string{kube.LabelTaskID: name[len(name)-8:], kube.LabelKind: kube.KindTask},
			Annotations: map[string]string{kube.AnnotationKept: "tasks/x/"}},
		Spec:   batchv1.JobSpec{Completions: &nodes, Parallelism: &nodes},
		Status: batchv1.JobStatus{Active: nodes, Ready: ptr.To[int32](0), StartTime: &began},
	}
}

// podOf is a pod of a Job whose results are kept by a sidecar.
func podOf(job *batchv1.Job, rank string, phase corev1.PodPhase, task, sidecar corev1.ContainerState) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: job.Name + "-" + rank, Namespace: "lab", UID: types.UID(job.Name + rank),
			Labels:          map[string]string{batchv1.JobNameLabel: job.Name, kube.LabelKind: kube.KindTask},
			Annotations:     map[string]string{batchv1.JobCompletionIndexAnnotation: rank},
			OwnerReferences: []metav1.OwnerReference{{UID: job.UID, Controller: ptr.To(true)}}},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: kube.ContainerTask}},
			InitContainers: []corev1.Container{{Name: kube.ContainerKeep, RestartPolicy: ptr.To(corev1.ContainerRestartPolicyAlways)}}},
		Status: corev1.PodStatus{Phase: phase,
			ContainerStatuses:     []corev1.ContainerStatus{{Name: kube.ContainerTask, State: task}},
			InitContainerStatuses: []corev1.ContainerStatus{{Name: kube.ContainerKeep, State: sidecar}}},
	}
}

var (
	goesOn  = corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: after(100)}}
	hasRun  = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{StartedAt: after(100), FinishedAt: after(101)}}
	crashed = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 3, StartedAt: after(100), FinishedAt: after(101)}}
	pulls   = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}}
	noImage = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: "Back-off pulling image: not found"}}
)

// refusedPod is the event of the Job controller about a pod that it cannot
// create.
func refusedPod(job *batchv1.Job, seconds int, message string) *corev1.Event {
	return &corev1.Event{ObjectMeta: metav1.ObjectMeta{Name: job.Name + message[:3], Namespace: "lab"}, Reason: "FailedCreate",
		InvolvedObject: corev1.ObjectReference{Kind: "Job", Name: job.Name, UID: job.UID}, LastTimestamp: after(seconds), Message: message}
}

// clientFor is a client of a cluster that has these objects, and what is listed of
// it, which it appends to.
func clientFor(lists *[]string, objects ...runtime.Object) *Client {
	cluster := fake.NewClientset(objects...)
	cluster.PrependReactor("list", "*", func(a clienttesting.Action) (bool, runtime.Object, error) {
		of := a.(clienttesting.ListAction).GetListRestrictions()
		*lists = append(*lists, a.GetResource().Resource)
		if a.GetResource().Resource != "pods" || of.Fields.Empty() {
			return false, nil, nil
		}
		// A fake cluster has no field selectors.
		page := &corev1.PodList{}
		for _, o := range objects {
			if pod, ok := o.(*corev1.Pod); ok && pod.Status.Phase != corev1.PodRunning && pod.Status.Phase != corev1.PodSucceeded {
				page.Items = append(page.Items, *pod)
			}
		}
		return true, page, nil
	})
	return &Client{conn: &access.Conn{Kube: cluster, Namespace: "lab", Warn: func(string, ...api.Remedy) {}}}
}

func TestThePodsExplainWhatTheirJobsDoNot(t *testing.T) {
	type state struct {
		State          api.State
		Saving         bool
		Cause          api.Cause
		Reason         string
		Started, Ended *metav1.Time
	}
	started, ended := ptr.To(after(100)), ptr.To(after(101))
	one, two := admitted("one-aaaaaaaa", 1), admitted("two-bbbbbbbb", 2)
	for name, tt := range map[string]struct {
		job     *batchv1.Job
		objects []runtime.Object
		want    state
	}{
		"its image is pulled": {one, []runtime.Object{podOf(one, "0", corev1.PodPending, pulls, goesOn)}, state{State: api.Pending}},
		"it runs":             {one, []runtime.Object{podOf(one, "0", corev1.PodRunning, goesOn, goesOn)}, state{State: api.Running, Started: started}},
		"it has ended, and saves": {one, []runtime.Object{podOf(one, "0", corev1.PodRunning, hasRun, goesOn)},
			state{State: api.Running, Saving: true, Reason: savingReason, Started: started, Ended: ended}},
		"it has failed, and saves": {one, []runtime.Object{podOf(one, "0", corev1.PodRunning, crashed, goesOn)},
			state{State: api.Running, Saving: true, Reason: savingReason, Started: started, Ended: ended}},
		"its pod is called Succeeded while it saves": {one, []runtime.Object{podOf(one, "0", corev1.PodSucceeded, hasRun, goesOn)},
			state{State: api.Running, Saving: true, Reason: savingReason, Started: started, Ended: ended}},
		"it has saved, and its Job is late": {one, []runtime.Object{podOf(one, "0", corev1.PodSucceeded, hasRun, hasRun)},
			state{State: api.Running, Started: started, Ended: ended}},
		"one node saves, the other one runs": {two, []runtime.Object{podOf(two, "0", corev1.PodRunning, hasRun, goesOn), podOf(two, "1", corev1.PodRunning, goesOn, goesOn)},
			state{State: api.Running, Started: started}},
		"one node saves, the other one has saved": {two, []runtime.Object{podOf(two, "0", corev1.PodRunning, hasRun, goesOn), podOf(two, "1", corev1.PodSucceeded, hasRun, hasRun)},
			state{State: api.Running, Saving: true, Reason: savingReason, Started: started, Ended: ended}},
		"its image is not there": {one, []runtime.Object{podOf(one, "0", corev1.PodPending, noImage, goesOn)},
			state{State: api.Pending, Cause: api.CauseImageNotFound, Reason: `node 0: image "" not found`}},
		"a quota is full": {one, []runtime.Object{refusedPod(one, 1, `Error creating: pods "one-aaaaaaaa-0-x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2`)},
			state{State: api.Pending, Cause: api.CauseQuota, Reason: "the namespace's quota is used up: q, requested: pods=1, used: pods=2, limited: pods=2"}},
		"the last event counts": {one, []runtime.Object{refusedPod(one, 1, `old`), refusedPod(one, 2, `Error creating: pods "x" is forbidden: no PriorityClass with name urgent was found`)},
			state{State: api.Pending, Cause: api.CauseCreateFailed, Reason: "its pods cannot be created: no PriorityClass with name urgent was found"}},
		"one of two pods may not be made": {two, []runtime.Object{podOf(two, "0", corev1.PodRunning, goesOn, goesOn), refusedPod(two, 1, `Error creating: pods "x" is forbidden: maximum cpu usage per Pod is 1`)},
			state{State: api.Pending, Cause: api.CauseCreateFailed, Reason: "1 of its 2 pods cannot be created: maximum cpu usage per Pod is 1"}},
		"an event before its pods were made": {one, []runtime.Object{podOf(one, "0", corev1.PodPending, pulls, goesOn), refusedPod(one, 1, `Error creating: no`)},
			state{State: api.Pending}},
		"an event of another Job": {one, []runtime.Object{refusedPod(two, 1, `Error creating: no`)}, state{State: api.Pending}},
	} {
		t.Run(name, func(t *testing.T) {
			got := func(s *api.TaskStatus) state {
				out := state{s.State, s.Saving, "", s.Reason, s.StartTime, s.EndTime}
				if s.Diagnosis != nil {
					out.Cause = s.Diagnosis.Cause
				}
				return out
			}
			var lists []string
			c := clientFor(&lists, append(tt.objects, tt.job)...)
			jobs, err := c.ExplainJobs(t.Context(), "lab", "", []*batchv1.Job{tt.job})
			if err != nil {
				t.Fatal(err)
			}
			explained := jobs[tt.job.UID]
			if diff := cmp.Diff(tt.want, got(&explained)); diff != "" {
				t.Errorf("among a campaign's (-want +got):\n%s", diff)
			}
			whole, err := c.status(t.Context(), tt.job)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got(whole)); diff != "" {
				t.Errorf("by itself (-want +got):\n%s", diff)
			}
		})
	}
}

// A list requests everything once, however many tasks it is about.
func TestAListHasTimesAndReasonsByOneListingEach(t *testing.T) {
	var objects []runtime.Object
	for _, id := range []string{"aaaaaaaa", "bbbbbbbb", "cccccccc"} {
		ended := admitted("ended-"+id, 1)
		ended.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobComplete, Status: corev1.ConditionTrue}}
		ended.Status.CompletionTime = ptr.To(after(900))
		refused := admitted("refused-"+id, 1)
		refused.Status.Active = 0
		objects = append(objects, ended, podOf(ended, "0", corev1.PodSucceeded, hasRun, hasRun),
			refused, refusedPod(refused, 1, "Error creating: pods \"x\" is forbidden: maximum cpu usage per Pod is 1"))
	}
	for name, tt := range map[string]struct {
		times bool
		lists []string
		took  time.Duration
	}{
		"with times":    {true, []string{"jobs", "leases", "pods", "events"}, time.Second},
		"without times": {false, []string{"jobs", "leases", "pods", "events"}, 900 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			var lists []string
			c := clientFor(&lists, objects...)
			list, err := c.List(t.Context(), api.TaskListOptions{AllUsers: true, Times: tt.times})
			if err != nil || len(list.Items) != 6 {
				t.Fatalf("%+v, %v", list, err)
			}
			for _, s := range list.Items {
				switch {
				case strings.HasPrefix(s.Name, "ended"):
					if took := s.EndTime.Sub(s.StartTime.Time); took != tt.took {
						t.Errorf("%s took %s, want %s", s.Name, took, tt.took)
					}
				case s.State != api.Pending || s.Reason != "its pods cannot be created: maximum cpu usage per Pod is 1":
					t.Errorf("%s is %s: %q", s.Name, s.State, s.Reason)
				}
			}
			counted := func(all []string) map[string]int {
				n := map[string]int{}
				for _, one := range all {
					n[one]++
				}
				return n
			}
			if diff := cmp.Diff(counted(tt.lists), counted(lists)); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// More tasks are asked for by their names than one request may hold.
func TestOldEventsAreNoReasonOnceManyTasksHaveTheirPods(t *testing.T) {
	var objects []runtime.Object
	for i := range namesAtOnce + 1 {
		job := admitted(fmt.Sprintf("task-%08d", i), 1)
		objects = append(objects, job, podOf(job, "0", corev1.PodPending, pulls, goesOn), refusedPod(job, 1, "Error creating: not at first"))
	}
	var lists []string
	list, err := clientFor(&lists, objects...).List(t.Context(), api.TaskListOptions{AllUsers: true})
	if err != nil || len(list.Items) != namesAtOnce+1 {
		t.Fatalf("%d tasks, %v", len(list.Items), err)
	}
	for _, s := range list.Items {
		if s.State != api.Pending || s.Reason != "" {
			t.Errorf("%s is %s: %q", s.Name, s.State, s.Reason)
		}
	}
}
