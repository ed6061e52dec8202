// Package diagnose explains why a task failed or does not progress. It is pure: from
// a Job, its pods and their events it computes one diagnosis.
package diagnose

import (
	"fmt"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

// Facts are the objects of a task. Events may be missing.
type Facts struct {
	Job    *batchv1.Job
	Pods   []corev1.Pod
	Events []corev1.Event
}

// Task returns the diagnosis of the whole task, or nil if nothing is wrong. If
// several nodes have failed it is about the first one, because the other failures
// are usually its consequence.
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
	first := firstFailedPod(f.Pods)
	if first != nil && first.Cause != api.CauseDeleted {
		return first
	}
	// Kubernetes deletes the other pods if the node of one does not respond.
	if d := lostNode(f.Pods); d != nil {
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
	if d := firstPendingPod(f.Pods, f.Events); d != nil {
		return d
	}
	return notCreated(f)
}

// Succeeded reports whether the Job is, or is about to be, complete. A Job that was
// stopped before it started is complete as well, but has not succeeded.
func Succeeded(job *batchv1.Job) bool {
	if Withdrawn(job) {
		return false
	}
	return condition(job, batchv1.JobComplete) != nil || condition(job, batchv1.JobSuccessCriteriaMet) != nil
}

// Stopped reports whether a user stopped the task before it ended by itself.
func Stopped(job *batchv1.Job) bool {
	_, asked := job.Annotations[kube.AnnotationStoppedBy]
	failed, c := Failed(job)
	return asked && !Succeeded(job) && (!failed || c.Reason == batchv1.JobReasonDeadlineExceeded)
}

// Withdrawn reports whether a Job was stopped while it was suspended: its number of
// completions is 0 then.
func Withdrawn(job *batchv1.Job) bool {
	_, asked := job.Annotations[kube.AnnotationStoppedBy]
	return asked && job.Spec.Completions != nil && *job.Spec.Completions == 0
}

// Failed reports whether the Job has failed, and by which condition. That is as soon
// as Kubernetes has decided it, not when the last pod is gone, which may never
// happen on a node that does not respond.
func Failed(job *batchv1.Job) (bool, *batchv1.JobCondition) {
	for _, kind := range []batchv1.JobConditionType{batchv1.JobFailed, batchv1.JobFailureTarget} {
		if c := condition(job, kind); c != nil {
			return true, c
		}
	}
	return false, nil
}

// Over reports whether the Job has finished and its pods have terminated.
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

// Deadline returns the diagnosis of a Job that exceeded its deadline.
func Deadline(job *batchv1.Job) *api.Diagnosis {
	limit := ""
	if s := job.Spec.ActiveDeadlineSeconds; s != nil {
		limit = " of " + (time.Duration(*s) * time.Second).String()
	}
	return &api.Diagnosis{Cause: api.CauseDeadline, Message: "ran longer than its deadline" + limit,
		Hint: "submit it again with a longer deadline"}
}

// lostPod explains a failure whose pod was deleted because its node does not
// respond. Only events report it.
func lostPod(f Facts) *api.Diagnosis {
	for _, e := range f.Events {
		if e.InvolvedObject.Kind == "Pod" && e.Reason == "TaintManagerEviction" && strings.HasPrefix(e.Message, "Marking for deletion") {
			rank := rankOfName(f.Job.Name, e.InvolvedObject.Name)
			return &api.Diagnosis{Cause: api.CauseNodeLost, Rank: rank,
				Message: nodePrefix(f.Job, rank) + "was removed because its machine does not answer",
				Hint:    "submit the task again; " + checkNode, Remedies: seeNodes}
		}
	}
	return nil
}

// withoutPod explains a failure for which no failed pod is left: a user or
// Kubernetes deleted it.
func withoutPod(f Facts, c *batchv1.JobCondition) *api.Diagnosis {
	if c.Reason == batchv1.JobReasonBackoffLimitExceeded {
		return &api.Diagnosis{Cause: api.CauseDeleted, Message: deletedPods(f) + " deleted by someone while the task ran",
			Hint: "the node was drained or the pod was deleted; submit the task again"}
	}
	return &api.Diagnosis{Cause: api.CauseUnknown, Message: strings.TrimSuffix(oneLine(c.Message), ".")}
}

// deletedPods names the rank whose pod is being, or was, deleted.
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

// maxMessage bounds quoted messages, in characters. Anybody may write an event, and
// a container its termination message.
const maxMessage = 1500

func oneLine(s string) string { return text.OneLine(s, maxMessage) }
