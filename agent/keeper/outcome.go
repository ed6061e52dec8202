package keeper

import (
	"fmt"
	"slices"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/diagnose"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
)

// end is what is known when the pod's containers have ended. What could not be
// read, or is gone, is nil.
type end struct {
	pod  *corev1.Pod
	job  *batchv1.Job
	main string
	// deadline of the Job, 0 for none.
	deadline time.Duration
	at       time.Time
	// others are the pods of the other nodes when the Job has failed.
	others []corev1.Pod
	// unknown is why the API server could not be asked.
	unknown error
}

// mainEnd is the main container's end as Kubernetes reports it; nil while a pod
// is being deleted, since then Kubernetes reports all containers at once, after
// the sidecar's end.
func (e end) mainEnd() *corev1.ContainerStateTerminated {
	if s := e.mainStatus(); s != nil {
		return s.State.Terminated
	}
	return nil
}

func (e end) mainStatus() *corev1.ContainerStatus {
	if e.pod == nil {
		return nil
	}
	for i, s := range e.pod.Status.ContainerStatuses {
		if s.Name == e.main {
			return &e.pod.Status.ContainerStatuses[i]
		}
	}
	return nil
}

// requeued reports that the Job was suspended under the pod: it is not over,
// and will begin anew. A pod that is not being deleted has ended by itself.
func (e end) requeued() bool {
	if e.job == nil || e.pod == nil || e.pod.DeletionTimestamp == nil || e.succeeded() || diagnose.Stopped(e.job) {
		return false
	}
	if failed, _ := diagnose.Failed(e.job); failed {
		return false
	}
	return ptr.Deref(e.job.Spec.Suspend, false) || e.superseded()
}

// superseded reports that the Job was suspended, and is admitted again already:
// another pod writes where this one did. It was admitted before as well, and
// Kubernetes records that some time after it has made the pod; what counts is
// the record after the pod's deletion.
func (e end) superseded() bool {
	if e.job == nil || e.pod == nil || e.pod.DeletionTimestamp == nil {
		return false
	}
	for _, c := range e.job.Status.Conditions {
		if c.Type == batchv1.JobSuspended && c.Status == corev1.ConditionFalse {
			return c.LastTransitionTime.After(e.deletionAsked())
		}
	}
	return false
}

// deletionAsked is when the pod's deletion was asked for. Kubernetes notes when
// the pod has to be gone, not when that was.
func (e end) deletionAsked() time.Time {
	grace := time.Duration(ptr.Deref(e.pod.DeletionGracePeriodSeconds, 0)) * time.Second
	return e.pod.DeletionTimestamp.Add(-grace)
}

func (e end) succeeded() bool {
	t := e.mainEnd()
	return t != nil && t.ExitCode == 0
}

// outcome returns how the pod's work has ended. rejected is the last progress
// of the workload.
func (e end) outcome(rejected *api.Progress) layout.Outcome {
	t := e.mainEnd()
	switch {
	case e.pod == nil && e.unknown != nil:
		return e.unseen()
	case e.pod == nil && e.job == nil:
		return layout.Outcome{State: api.Stopped, Cause: api.CauseDeleted, Message: "its Job was deleted while it ran"}
	case e.job != nil && diagnose.Stopped(e.job) && !e.succeeded():
		return of(api.Stopped, diagnose.Task(diagnose.Facts{Job: e.job}), t)
	case e.pod == nil:
		return layout.Outcome{State: api.Failed, Cause: api.CauseDeleted, Message: "had its pod deleted by force"}
	case t != nil && !diagnose.WasDeleted(e.pod) && layout.Rejected(rejected) && byItself(e.pod, t):
		return layout.Outcome{State: api.Rejected, Message: rejected.Message, ExitCode: &t.ExitCode}
	case e.succeeded():
		return layout.Outcome{State: api.Succeeded, ExitCode: &t.ExitCode}
	case e.pod.DeletionTimestamp != nil && (t == nil || diagnose.WasDeleted(e.pod)):
		return e.deleted(t)
	}
	if t == nil && e.pod.Status.Phase != corev1.PodFailed {
		return layout.Outcome{State: api.Failed, Cause: api.CauseUnknown, Message: "ended, and Kubernetes did not report how"}
	}
	return of(api.Failed, diagnose.Pod(e.pod), t)
}

// unseen is the outcome when the API server could not be asked.
func (e end) unseen() layout.Outcome {
	o := layout.Outcome{State: api.Failed, Cause: api.CauseUnknown, Message: "ended while the API server did not answer: " + e.unknown.Error()}
	if refused(e.unknown) {
		o.Message = "ended, and the sidecar may not read how: " + e.unknown.Error()
		o.Hint = "give the service account of pod_config the rights of " + kube.AgentName + ", or leave it out"
	}
	return o
}

// deleted explains why the pod was taken away from under its work.
func (e end) deleted(t *corev1.ContainerStateTerminated) layout.Outcome {
	if e.job == nil && e.unknown == nil || e.job != nil && e.job.DeletionTimestamp != nil {
		return layout.Outcome{State: api.Stopped, Cause: api.CauseDeleted, Message: "its Job was deleted while it ran"}
	}
	failed, why := e.jobFailed()
	switch {
	case failed && why.Reason == batchv1.JobReasonDeadlineExceeded, e.job != nil && !failed && e.late():
		return of(api.Failed, diagnose.Deadline(e.job), t)
	case slices.ContainsFunc(e.others, e.failedItself):
		return layout.Outcome{State: api.Stopped, Cause: api.CauseDeleted, Message: "was ended because another node of the task had failed"}
	}
	return of(api.Failed, diagnose.Deleted(e.pod), t)
}

func (e end) jobFailed() (bool, *batchv1.JobCondition) {
	if e.job == nil {
		return false, nil
	}
	return diagnose.Failed(e.job)
}

// failedItself reports that a node has failed, and was not ended because this
// one was.
func (e end) failedItself(other corev1.Pod) bool {
	return other.UID != e.pod.UID && other.Status.Phase == corev1.PodFailed && !diagnose.WasDeleted(&other)
}

// late reports that the Job's deadline is over: Kubernetes deletes the pod
// first, and records the reason after that.
func (e end) late() bool {
	limit := e.deadline
	if s := e.job.Spec.ActiveDeadlineSeconds; s != nil {
		limit = time.Duration(*s) * time.Second
	}
	started := e.job.Status.StartTime
	if limit == 0 || started == nil {
		return false
	}
	return !e.deletionAsked().Before(started.Add(limit))
}

// byItself reports that the work ended by its own exit, and was not killed.
func byItself(pod *corev1.Pod, t *corev1.ContainerStateTerminated) bool {
	if t.ExitCode == 0 {
		return true
	}
	d := diagnose.Pod(pod)
	return d.Cause == api.CauseExit || d.Cause == api.CauseSetupFailed
}

func of(state api.State, d *api.Diagnosis, t *corev1.ContainerStateTerminated) layout.Outcome {
	o := layout.Outcome{State: state, Cause: d.Cause, Message: d.Message, Hint: d.Hint, ExitCode: d.ExitCode}
	if o.ExitCode == nil && t != nil {
		o.ExitCode = &t.ExitCode
	}
	return o
}

// ofRun is the outcome of one of several runs in the pod: by its own exit code,
// or, when it has none, by how the pod ended. ended is nil while the pod runs.
func ofRun(code *int32, last *api.Progress, ended *end) layout.Outcome {
	switch {
	case code != nil && layout.Rejected(last):
		return layout.Outcome{State: api.Rejected, Message: last.Message, ExitCode: code}
	case code != nil && *code == 0:
		return layout.Outcome{State: api.Succeeded, ExitCode: code}
	case code != nil:
		return layout.Outcome{State: api.Failed, Cause: api.CauseExit, ExitCode: code, Message: fmt.Sprintf("ended with exit code %d", *code)}
	}
	o := ended.outcome(nil)
	if o.State == api.Failed {
		o.Message = "was not over when its job " + o.Message
	}
	if o.State == api.Succeeded {
		return layout.Outcome{State: api.Failed, Cause: api.CauseUnknown, Message: "its job ended without running it"}
	}
	return o
}
