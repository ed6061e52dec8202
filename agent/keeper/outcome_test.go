package keeper

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
)

func at(second int) metav1.Time { return metav1.Date(2026, 1, 2, 3, 4, second, 0, time.UTC) }

type podChange func(*corev1.Pod)

func podOf(changes ...podChange) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p", UID: "mine", CreationTimestamp: at(1)}}
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "task", State: corev1.ContainerState{
		Running: &corev1.ContainerStateRunning{StartedAt: at(2)}}}}
	for _, change := range changes {
		change(p)
	}
	return p
}

func exited(code int32) podChange {
	return func(p *corev1.Pod) {
		p.Status.ContainerStatuses[0].State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
			ExitCode: code, StartedAt: at(2), FinishedAt: at(9)}}
	}
}

func outOfMemory(p *corev1.Pod) {
	exited(137)(p)
	p.Status.ContainerStatuses[0].State.Terminated.Reason = "OOMKilled"
}

// deleted is a pod whose deletion was asked for in that second.
func deleted(second int) podChange {
	return func(p *corev1.Pod) {
		p.DeletionTimestamp, p.DeletionGracePeriodSeconds = ptr.To(at(second+5)), ptr.To[int64](5)
	}
}

func disrupted(p *corev1.Pod) {
	p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue,
		Reason: corev1.PodReasonPreemptionByScheduler})
}

func named(uid types.UID, phase corev1.PodPhase) podChange {
	return func(p *corev1.Pod) { p.UID, p.Status.Phase = uid, phase }
}

type jobChange func(*batchv1.Job)

func jobOf(changes ...jobChange) *batchv1.Job {
	j := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{}}, Status: batchv1.JobStatus{StartTime: ptr.To(at(0))}}
	for _, change := range changes {
		change(j)
	}
	return j
}

func is(kind batchv1.JobConditionType, status corev1.ConditionStatus, reason string, second int) jobChange {
	return func(j *batchv1.Job) {
		j.Status.Conditions = append(j.Status.Conditions, batchv1.JobCondition{Type: kind, Status: status, Reason: reason, LastTransitionTime: at(second)})
	}
}

func stopped(j *batchv1.Job)   { j.Annotations[kube.AnnotationStoppedBy] = "eve" }
func suspended(j *batchv1.Job) { j.Spec.Suspend = ptr.To(true) }
func goneJob(j *batchv1.Job)   { j.DeletionTimestamp = ptr.To(at(9)) }
func limited(seconds int64) jobChange {
	return func(j *batchv1.Job) { j.Spec.ActiveDeadlineSeconds = &seconds }
}
func failedFor(reason string) jobChange {
	return is(batchv1.JobFailureTarget, corev1.ConditionTrue, reason, 9)
}
func others(p ...*corev1.Pod) []corev1.Pod {
	var all []corev1.Pod
	for _, p := range p {
		all = append(all, *p)
	}
	return all
}

func TestHowTheWorkEnded(t *testing.T) {
	t.Parallel()
	rejected := &api.Progress{Status: "rejected", Message: "not a graph"}
	for name, c := range map[string]struct {
		end      end
		last     *api.Progress
		state    api.State
		cause    api.Cause
		message  string
		requeued bool
	}{
		"by itself, well":                    {end: end{pod: podOf(exited(0)), job: jobOf()}, state: api.Succeeded},
		"well, as it was being deleted":      {end: end{pod: podOf(exited(0), deleted(9)), job: jobOf()}, state: api.Succeeded},
		"well, just before it was stopped":   {end: end{pod: podOf(exited(0)), job: jobOf(stopped, failedFor("DeadlineExceeded"))}, state: api.Succeeded},
		"by itself, badly":                   {end: end{pod: podOf(exited(3)), job: jobOf()}, state: api.Failed, cause: api.CauseExit, message: "ended with exit code 3"},
		"out of memory":                      {end: end{pod: podOf(outOfMemory), job: jobOf()}, state: api.Failed, cause: api.CauseOutOfMemory, message: "out of memory (it has no limit; its node ran out of memory)"},
		"as the input was rejected":          {end: end{pod: podOf(exited(0)), job: jobOf()}, last: rejected, state: api.Rejected, message: "not a graph"},
		"rejected, with an exit code":        {end: end{pod: podOf(exited(4)), job: jobOf()}, last: rejected, state: api.Rejected, message: "not a graph"},
		"out of memory after a rejection":    {end: end{pod: podOf(outOfMemory), job: jobOf()}, last: rejected, state: api.Failed, cause: api.CauseOutOfMemory, message: "out of memory (it has no limit; its node ran out of memory)"},
		"deleted after a rejection":          {end: end{pod: podOf(deleted(5)), job: jobOf()}, last: rejected, state: api.Failed, cause: api.CauseDeleted, message: "had its pod deleted by someone"},
		"stopped":                            {end: end{pod: podOf(deleted(5)), job: jobOf(stopped, failedFor("DeadlineExceeded"))}, state: api.Stopped, cause: api.CauseStopped, message: "stopped by eve"},
		"stopped, as Kubernetes is slow":     {end: end{pod: podOf(deleted(5)), job: jobOf(stopped, limited(1))}, state: api.Stopped, cause: api.CauseStopped, message: "stopped by eve"},
		"by its deadline":                    {end: end{pod: podOf(deleted(5)), job: jobOf(limited(5), failedFor("DeadlineExceeded"))}, state: api.Failed, cause: api.CauseDeadline, message: "ran longer than its deadline of 5s"},
		"by its deadline, not said yet":      {end: end{pod: podOf(deleted(5)), job: jobOf(limited(5))}, state: api.Failed, cause: api.CauseDeadline, message: "ran longer than its deadline of 5s"},
		"deleted before its deadline":        {end: end{pod: podOf(deleted(4)), job: jobOf(limited(5))}, state: api.Failed, cause: api.CauseDeleted, message: "had its pod deleted by someone"},
		"deleted by hand, and so failed":     {end: end{pod: podOf(deleted(5)), job: jobOf(failedFor("BackoffLimitExceeded"))}, state: api.Failed, cause: api.CauseDeleted, message: "had its pod deleted by someone"},
		"as another node had failed":         {end: end{pod: podOf(deleted(5)), job: jobOf(failedFor("BackoffLimitExceeded")), others: others(podOf(exited(1), named("other", corev1.PodFailed)))}, state: api.Stopped, cause: api.CauseDeleted, message: "was ended because another node of the task had failed"},
		"deleted, and so ended another":      {end: end{pod: podOf(deleted(5)), job: jobOf(failedFor("BackoffLimitExceeded")), others: others(podOf(deleted(5), exited(143), named("other", corev1.PodFailed)))}, state: api.Failed, cause: api.CauseDeleted, message: "had its pod deleted by someone"},
		"preempted by the scheduler":         {end: end{pod: podOf(deleted(5), disrupted), job: jobOf()}, state: api.Failed, cause: api.CauseEvicted, message: "was preempted by a pod of higher priority"},
		"with its Job":                       {end: end{pod: podOf(deleted(5)), job: jobOf(goneJob)}, state: api.Stopped, cause: api.CauseDeleted, message: "its Job was deleted while it ran"},
		"with its Job, gone already":         {end: end{pod: podOf(deleted(5))}, state: api.Stopped, cause: api.CauseDeleted, message: "its Job was deleted while it ran"},
		"with pod and Job":                   {end: end{}, state: api.Stopped, cause: api.CauseDeleted, message: "its Job was deleted while it ran"},
		"by force":                           {end: end{job: jobOf()}, state: api.Failed, cause: api.CauseDeleted, message: "had its pod deleted by force"},
		"unknown":                            {end: end{unknown: errors.New("no route")}, state: api.Failed, cause: api.CauseUnknown, message: "ended while the API server did not answer: no route"},
		"suspended":                          {end: end{pod: podOf(deleted(5)), job: jobOf(suspended)}, requeued: true, state: api.Failed, cause: api.CauseDeleted, message: "had its pod deleted by someone"},
		"suspended, and admitted again":      {end: end{pod: podOf(deleted(5)), job: jobOf(is(batchv1.JobSuspended, corev1.ConditionFalse, "JobResumed", 8))}, requeued: true, state: api.Failed, cause: api.CauseDeleted, message: "had its pod deleted by someone"},
		"admitted before, noted late, well":  {end: end{pod: podOf(exited(0)), job: jobOf(is(batchv1.JobSuspended, corev1.ConditionFalse, "JobResumed", 4))}, state: api.Succeeded},
		"admitted before, noted late":        {end: end{pod: podOf(exited(3)), job: jobOf(is(batchv1.JobSuspended, corev1.ConditionFalse, "JobResumed", 4))}, state: api.Failed, cause: api.CauseExit, message: "ended with exit code 3"},
		"admitted, noted late, then deleted": {end: end{pod: podOf(deleted(5)), job: jobOf(is(batchv1.JobSuspended, corev1.ConditionFalse, "JobResumed", 4))}, state: api.Failed, cause: api.CauseDeleted, message: "had its pod deleted by someone"},
		"badly, with its Job suspended":      {end: end{pod: podOf(exited(3)), job: jobOf(suspended)}, state: api.Failed, cause: api.CauseExit, message: "ended with exit code 3"},
		"as Kubernetes does not report":      {end: end{pod: podOf(), job: jobOf()}, state: api.Failed, cause: api.CauseUnknown, message: "ended, and Kubernetes did not report how"},
		"admitted before it was":             {end: end{pod: podOf(exited(3)), job: jobOf(is(batchv1.JobSuspended, corev1.ConditionFalse, "JobResumed", 1))}, state: api.Failed, cause: api.CauseExit, message: "ended with exit code 3"},
		"well, and suspended a moment late":  {end: end{pod: podOf(exited(0)), job: jobOf(suspended)}, state: api.Succeeded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.end.main = "task"
			got := c.end.outcome(c.last)
			got.Hint, got.ExitCode = "", nil
			want := layout.Outcome{State: c.state, Cause: c.cause, Message: c.message}
			if diff := cmp.Diff(want, got); diff != "" || c.end.requeued() != c.requeued {
				t.Errorf("requeued %v; %s", c.end.requeued(), diff)
			}
		})
	}
}

func TestHowAPackedRunEnded(t *testing.T) {
	t.Parallel()
	rejected := &api.Progress{Status: "rejected", Message: "no"}
	for name, c := range map[string]struct {
		code *int32
		last *api.Progress
		end  end
		want layout.Outcome
	}{
		"well":     {code: ptr.To[int32](0), want: layout.Outcome{State: api.Succeeded, ExitCode: ptr.To[int32](0)}},
		"badly":    {code: ptr.To[int32](7), want: layout.Outcome{State: api.Failed, Cause: api.CauseExit, ExitCode: ptr.To[int32](7), Message: "ended with exit code 7"}},
		"rejected": {code: ptr.To[int32](7), last: rejected, want: layout.Outcome{State: api.Rejected, ExitCode: ptr.To[int32](7), Message: "no"}},
		"not, as its job did": {end: end{main: "task", pod: podOf(exited(3))},
			want: layout.Outcome{State: api.Failed, Cause: api.CauseExit, ExitCode: ptr.To[int32](3), Message: "was not over when its job ended with exit code 3"}},
		"not, and its job did well": {end: end{main: "task", pod: podOf(exited(0))},
			want: layout.Outcome{State: api.Failed, Cause: api.CauseUnknown, Message: "its job ended without running it"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, ofRun(c.code, c.last, &c.end)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
