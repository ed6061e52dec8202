// Package diagnose says in words why a task failed or does not get on. It is
// pure: facts in (a Job, its pods, their events), one diagnosis out.
package diagnose

import (
	"fmt"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/hint"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

// Facts are what is known of a task. Events may be missing.
type Facts struct {
	Job    *batchv1.Job
	Pods   []corev1.Pod
	Events []corev1.Event
	// Hint is where hints lead to.
	Hint hint.Target
}

// Task returns the diagnosis of the whole task, or nil when it is well. Of
// several nodes' troubles the one that came first is told: the others are
// mostly its consequence.
func Task(f Facts) *api.Diagnosis {
	if Stopped(f.Job) {
		return &api.Diagnosis{Cause: api.CauseStopped, Message: "stopped by " + f.Job.Annotations[kube.AnnotationStoppedBy]}
	}
	if Succeeded(f.Job) {
		return nil
	}
	f.Pods = OfThisStart(f.Job, f.Pods)
	failed, condition := Failed(f.Job)
	if failed && condition.Reason == batchv1.JobReasonDeadlineExceeded {
		return Deadline(f.Job)
	}
	first := firstFailedPod(f.Hint, f.Pods)
	if first != nil && first.Cause != api.CauseDeleted {
		return first
	}
	// A pod that was deleted may have been so because another one is lost.
	if d := lostNode(f.Hint, f.Pods); d != nil {
		return d
	}
	if d := lostPod(f); failed && d != nil {
		return d
	}
	if first != nil {
		return first
	}
	if failed {
		return withoutPod(f, condition)
	}
	if d := firstPendingPod(f.Hint, f.Pods, f.Events); d != nil {
		return d
	}
	return notCreated(f)
}

// Succeeded reports whether the Job is, or is about to be, complete. One that
// was stopped before it started is complete in form only.
func Succeeded(job *batchv1.Job) bool {
	if Withdrawn(job) {
		return false
	}
	return condition(job, batchv1.JobComplete) != nil || condition(job, batchv1.JobSuccessCriteriaMet) != nil
}

// Stopped reports whether somebody stopped the task. A stop that came after the
// task had ended by itself does not count.
func Stopped(job *batchv1.Job) bool {
	_, asked := job.Annotations[kube.AnnotationStoppedBy]
	failed, c := Failed(job)
	return asked && !Succeeded(job) && (!failed || c.Reason == batchv1.JobReasonDeadlineExceeded)
}

// Withdrawn reports a Job that was stopped while it was suspended: it has
// nothing left to complete.
func Withdrawn(job *batchv1.Job) bool {
	_, asked := job.Annotations[kube.AnnotationStoppedBy]
	return asked && job.Spec.Completions != nil && *job.Spec.Completions == 0
}

// Failed reports whether the Job has failed, and by which condition. A Job is
// called so as soon as Kubernetes has decided it, not only when the last pod
// is gone: on a lost machine that may be never.
func Failed(job *batchv1.Job) (bool, *batchv1.JobCondition) {
	for _, kind := range []batchv1.JobConditionType{batchv1.JobFailed, batchv1.JobFailureTarget} {
		if c := condition(job, kind); c != nil {
			return true, c
		}
	}
	return false, nil
}

// Over reports whether Kubernetes is done with the Job: its pods have ended.
func Over(job *batchv1.Job) bool {
	return condition(job, batchv1.JobComplete) != nil || condition(job, batchv1.JobFailed) != nil
}

func condition(job *batchv1.Job, kind batchv1.JobConditionType) *batchv1.JobCondition {
	for i, c := range job.Status.Conditions {
		if c.Type == kind && c.Status == corev1.ConditionTrue {
			return &job.Status.Conditions[i]
		}
	}
	return nil
}

// Deadline says that a Job ran longer than it may.
func Deadline(job *batchv1.Job) *api.Diagnosis {
	limit := ""
	if s := job.Spec.ActiveDeadlineSeconds; s != nil {
		limit = " of " + (time.Duration(*s) * time.Second).String()
	}
	return &api.Diagnosis{Cause: api.CauseDeadline, Message: "ran longer than its deadline" + limit,
		Hint: "submit it again with a longer --deadline"}
}

// lostPod explains a failure whose pod went with its machine: only the events
// know of it.
func lostPod(f Facts) *api.Diagnosis {
	for _, e := range f.Events {
		if e.InvolvedObject.Kind == "Pod" && e.Reason == "TaintManagerEviction" && strings.HasPrefix(e.Message, "Marking for deletion") {
			rank := rankOfName(f.Job.Name, e.InvolvedObject.Name)
			return &api.Diagnosis{Cause: api.CauseNodeLost, Rank: rank,
				Message: nodePrefix(f.Job, rank) + "was removed because its machine does not answer",
				Hint:    "submit the task again; " + checkMachine(f.Hint)}
		}
	}
	return nil
}

// withoutPod explains a failure of which no failed pod is left: somebody took
// a pod away, or Kubernetes did.
func withoutPod(f Facts, c *batchv1.JobCondition) *api.Diagnosis {
	if c.Reason == batchv1.JobReasonBackoffLimitExceeded {
		return &api.Diagnosis{Cause: api.CauseDeleted, Message: deletedPods(f) + " deleted by someone while the task ran",
			Hint: "a node drain or a deletion of its pod does that; submit the task again"}
	}
	return &api.Diagnosis{Cause: api.CauseUnknown, Message: strings.TrimSuffix(oneLine(c.Message), ".")}
}

// deletedPods names the nodes whose pods are being, or were, deleted.
func deletedPods(f Facts) string {
	for i := range f.Pods {
		if f.Pods[i].DeletionTimestamp != nil && f.Pods[i].Status.Phase != corev1.PodSucceeded {
			if ofRun(f.Job) {
				return "its pod was"
			}
			return fmt.Sprintf("the pod of node %d was", Rank(&f.Pods[i]))
		}
	}
	return "a pod was"
}

// maxMessage is how much of a message is told, in characters. Anybody may write
// an event, and a container its last words.
const maxMessage = 1500

func oneLine(s string) string { return text.OneLine(s, maxMessage) }
