package status

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/task"
)

// Run is what is known of one run.
type Run struct {
	State api.State
	// saving: it is Running by its state, and its process has ended.
	saving bool
	Cause  api.Cause
	reason string
	taskID string
	ended  time.Time
	// job is its Job's UID, while there is one.
	Job types.UID
	// packed: its Job holds other runs, too.
	packed bool
	// unexplained is the Job of a run that failed or does not start, when only
	// its pods can explain why.
	unexplained *batchv1.Job
}

// runsOf are the runs that a Job holds.
func runsOf(job *batchv1.Job) []layout.RunRef {
	if packed := job.Annotations[kube.AnnotationRuns]; packed != "" {
		var refs []layout.RunRef
		for name := range strings.FieldsSeq(packed) {
			if ref, ok := parseRun(name); ok {
				refs = append(refs, ref)
			}
		}
		return refs
	}
	ref, ok := parseRun(job.Annotations[kube.AnnotationConfig] + "/" + job.Annotations[kube.AnnotationRun])
	if !ok {
		return nil
	}
	return []layout.RunRef{ref}
}

// parseRun reads "<config>/<run>".
func parseRun(name string) (layout.RunRef, bool) {
	config, number, ok := strings.Cut(name, "/")
	n, err := strconv.Atoi(number)
	return layout.RunRef{Config: config, Run: n}, ok && config != "" && err == nil
}

// fromJob is the state of each run by its Job. The cause of a failure comes
// from the index, or from the pods if the index has none.
func fromJob(job *batchv1.Job, s *api.TaskStatus) Run {
	r := Run{State: s.State, taskID: s.ID, Job: job.UID, packed: job.Annotations[kube.AnnotationRuns] != ""}
	if s.EndTime != nil {
		r.ended = s.EndTime.Time
	}
	switch {
	case s.Saving && s.State == api.Failed:
		r.State, r.saving = api.Running, true // as for one whose only pod has ended and is not gone yet
	case task.Unexplained(s, job):
		r.unexplained = light(job)
	case s.State == api.Failed:
		r.Cause, r.reason = api.CauseDeadline, s.Reason // the only cause that a Job has
	}
	return r
}

// explained is a run with the state of its pods. A Job does not show that its
// only pod has ended, or is ending, while its result is still being saved: by
// the Job it is pending, but the run continues until its Job has ended.
func (r Run) explained(pods Run) Run {
	r.unexplained = nil
	if r.State == api.Pending && (pods.State == api.Running || pods.State == api.Failed) {
		r.State, r.saving = api.Running, pods.saving || pods.State == api.Failed
		return r
	}
	r.Cause, r.reason = pods.Cause, pods.reason
	return r
}

// light is a copy of a Job without its pod template: that of packed runs is
// large, and no failure is explained by it.
func light(job *batchv1.Job) *batchv1.Job {
	out := *job
	out.Spec.Template.Spec = corev1.PodSpec{}
	return out.DeepCopy()
}

// merge is a run by its Job (nil: the Job does not exist any more) and by the
// index (nil: it has no entry).
func merge(job, index *Run) Run {
	switch {
	case job == nil:
		return *index
	case index == nil:
		return *job
	case !job.State.Ended() && !job.packed:
		// It was interrupted, and its Job is tried again.
		return *job
	case !job.packed && (job.State == api.Stopped || job.State == api.Succeeded && index.State != api.Rejected):
		return *job
	}
	both := *index
	both.taskID, both.packed, both.Job = job.taskID, job.packed, job.Job
	if !job.ended.IsZero() && !job.packed {
		both.ended = job.ended
	}
	if both.Cause == job.Cause {
		both.reason = job.reason
	}
	return both
}

func compareRuns(a, b layout.RunRef) int {
	return cmp.Or(cmp.Compare(a.Config, b.Config), cmp.Compare(a.Run, b.Run))
}
