package diagnose

import (
	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// State returns the state of a task according to its Job. The pods report some
// changes earlier: that they run, that one has failed, that they upload results.
func State(job *batchv1.Job) api.State {
	failed, _ := Failed(job)
	switch {
	case Succeeded(job):
		return api.Succeeded
	case Stopped(job):
		return api.Stopped
	case failed:
		return api.Failed
	case Submitting(job):
		return api.Pending
	case ptr.Deref(job.Spec.Suspend, false):
		return api.Queued
	case ptr.Deref(job.Status.Ready, 0)+job.Status.Succeeded >= ptr.Deref(job.Spec.Completions, 1):
		return api.Running
	}
	return api.Pending
}

// Submitting reports whether the submission of a Job was not completed.
func Submitting(job *batchv1.Job) bool {
	return job.Annotations[kube.AnnotationSubmitting] != "" && ptr.Deref(job.Spec.Suspend, false) && !Stopped(job)
}
