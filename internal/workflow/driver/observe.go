package driver

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/diagnose"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/sdk/api"
)

// seen returns what a Job shows of its attempt, but for the cause of a failure.
func seen(job *batchv1.Job) workflow.Seen {
	s := workflow.Seen{Status: workflow.StatusNotStarted}
	failed, condition := diagnose.Failed(job)
	switch {
	case diagnose.Succeeded(job):
		s.Status = workflow.StatusSuccess
	case diagnose.Stopped(job):
		s.Status = workflow.StatusStopped
	case failed:
		s.Status = workflow.StatusFailed
		if s.TimedOut = condition.Reason == batchv1.JobReasonDeadlineExceeded; s.TimedOut {
			s.Cause = string(api.CauseDeadline)
		}
	case ptr.Deref(job.Status.Ready, 0)+job.Status.Succeeded+job.Status.Failed > 0:
		s.Status = workflow.StatusRunning
	}
	if s.Status == workflow.StatusNotStarted {
		return s
	}
	if arch := archOf(job); len(arch) == 1 {
		s.Arch = arch[0]
	}
	if t := job.Status.StartTime; t != nil && !diagnose.Withdrawn(job) {
		s.Started = t.Time
	}
	if !s.Status.Final() {
		return s
	}
	// The pods of a Job that is over have saved what they keep.
	s.Saved = diagnose.Over(job) || job.Annotations[kube.AnnotationKept] == ""
	switch {
	case job.Status.CompletionTime != nil:
		s.Ended = job.Status.CompletionTime.Time
	case condition != nil:
		s.Ended = condition.LastTransitionTime.Time
	}
	return s
}

// savingSlack is what Kubernetes may need beyond a pod's grace period to report that the pod
// is gone. Pods on a machine that does not answer never are.
const savingSlack = 30 * time.Second

// saveBy returns by when the pods of a Job have saved what they keep; zero if that is not
// known.
func saveBy(job *batchv1.Job, s workflow.Seen) time.Time {
	if s.Ended.IsZero() {
		return time.Time{}
	}
	grace := ptr.Deref(job.Spec.Template.Spec.TerminationGracePeriodSeconds, corev1.DefaultTerminationGracePeriodSeconds)
	return s.Ended.Add(time.Duration(grace)*time.Second + savingSlack)
}

// nextSaved returns the first time at which an attempt counts as saved, or a campaign has exceeded
// its timeout; zero for none.
func (v *view) nextSaved(now time.Time) time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	first := v.nextCampaign(now)
	for _, a := range v.attempts {
		if a.seen.Status.Final() && !a.seen.Saved && a.saveBy.After(now) && (first.IsZero() || a.saveBy.Before(first)) {
			first = a.saveBy
		}
	}
	return first
}

// observed returns what Advance gets, by the state that was written last.
func (v *view) observed(s workflow.State, now time.Time) workflow.Observed {
	v.mu.Lock()
	defer v.mu.Unlock()
	o := workflow.Observed{Now: now, Tasks: make(map[workflow.Attempt]workflow.Seen, len(v.attempts)), Stop: v.stopBy != "", StopAll: v.stopAll}
	for at, a := range v.attempts {
		one := a.seen
		if one.Status.Final() && !one.Saved && !a.saveBy.IsZero() && now.After(a.saveBy) {
			one.Saved = true
		}
		if a.look != nil {
			one = workflow.Seen{Status: workflow.StatusRunning, Started: one.Started} // until its pods are read
		}
		if t := s.Tasks[at.Task]; a.withdrawn && (t.Attempt != at.Number || t.Status != workflow.StatusRunning) {
			one.Status = workflow.StatusCancelled // it never executed
		}
		o.Tasks[at] = one
	}
	v.observedCampaigns(&o, s)
	for name, t := range s.Tasks {
		at := workflow.Attempt{Task: name, Number: t.Attempt}
		if _, there := o.Tasks[at]; there || !v.listed {
			continue
		}
		switch {
		case t.Status.Final() && t.Unsaved:
			o.Tasks[at] = workflow.Seen{Status: t.Status, Saved: true} // no more is saved
		case t.Scheduled && !t.Status.Final():
			o.Tasks[at] = workflow.Seen{Gone: true}
		}
	}
	return o
}

// look reads the pods of attempts that have ended: why they have failed, and which
// architecture the node of their rank 0 has.
func (v *view) look(ctx context.Context, c *cluster) error {
	v.mu.Lock()
	ended := map[workflow.Attempt]*batchv1.Job{}
	for at, a := range v.attempts {
		if a.look != nil {
			ended[at] = a.look
		}
	}
	v.mu.Unlock()
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for at, job := range ended {
		g.Go(func() error {
			pods, err := c.podsOf(ctx, job.Name)
			if err != nil {
				return err
			}
			cause := string(api.CauseUnknown)
			if d := diagnose.Task(diagnose.Facts{Job: job, Pods: pods}); d != nil {
				cause = string(d.Cause)
			}
			v.mu.Lock()
			defer v.mu.Unlock()
			if a := v.attempts[at]; a != nil && a.uid == job.UID {
				a.look = nil
				if a.seen.Status == workflow.StatusFailed && !a.seen.TimedOut {
					a.seen.Cause = cause
				}
				if arch := archOf(job); len(arch) > 1 {
					a.seen.Arch = reportedArch(pods, arch)
				}
			}
			return nil
		})
	}
	return g.Wait()
}
