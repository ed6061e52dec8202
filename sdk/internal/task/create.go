package task

import (
	"context"
	"errors"
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/diagnose"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/manifest"
)

// create makes the Job, then what its pods need, then lets it start. When it
// stops half-way the Job is left suspended, and the same request completes it;
// when the cluster says no for good, the Job is removed again.
func (c *Client) create(ctx context.Context, objects *manifest.Objects, o api.SubmitOptions) (*api.TaskStatus, error) {
	if !o.DryRun.Sends() {
		s := fromJob(objects.Job, c.conn.Hint())
		return &s, nil
	}
	want := objects.Job
	if len(objects.Helpers) > 0 {
		want = objects.Unreleased()
	}
	job, mine, err := c.createJob(ctx, want, o)
	if err != nil {
		return nil, objects.Located(err)
	}
	if len(objects.Helpers) == 0 || !diagnose.Submitting(job) {
		s := fromJob(job, c.conn.Hint())
		return &s, nil
	}
	for _, helper := range objects.Helpers {
		if err := c.createHelper(ctx, helper, job, o); err != nil {
			return nil, c.undo(ctx, job, mine, err, o)
		}
	}
	if !o.DryRun.Keeps() {
		s := fromJob(objects.Job, c.conn.Hint()) // nothing is left half-way
		s.ObjectMeta = publicMeta(job)
		return &s, nil
	}
	release, err := objects.Release(job.UID)
	if err != nil {
		return nil, err
	}
	s, err := c.patch(ctx, job, release, metav1.PatchOptions{FieldManager: o.FieldManager})
	if err != nil {
		return nil, c.undo(ctx, job, mine, err, o)
	}
	return s, nil
}

// createAttempts bounds how often a creation is repeated whose answer was
// lost on the way.
const createAttempts = 4

// createJob creates the Job or finds the one that is there for the same
// request. mine reports whether this call made it.
func (c *Client) createJob(ctx context.Context, want *batchv1.Job, o api.SubmitOptions) (job *batchv1.Job, mine bool, err error) {
	jobs := c.conn.Kube.BatchV1().Jobs(want.Namespace)
	for attempt := 1; ; attempt++ {
		job, err = jobs.Create(ctx, want, metav1.CreateOptions{DryRun: o.DryRun.Param(), FieldManager: o.FieldManager})
		switch {
		case err == nil:
			return job, true, nil
		case apierrors.IsAlreadyExists(err):
			job, err = jobs.Get(ctx, want.Name, metav1.GetOptions{})
			if err != nil {
				return nil, false, c.conn.Classify(err, "get", jobsResource)
			}
			// Either our own earlier attempt, or somebody made the same
			// request at the same moment.
			return job, attempt > 1, adoptable(job, want, o)
		case attempt == createAttempts || !access.AnswerLost(err):
			return nil, false, c.conn.Classify(err, "create", jobsResource)
		}
		select {
		case <-ctx.Done():
			return nil, false, ctx.Err()
		case <-time.After(time.Duration(attempt) * 500 * time.Millisecond):
		}
	}
}

// undo removes a Job that this call made and that can never start. A passing
// failure leaves it, for the same request to complete.
func (c *Client) undo(ctx context.Context, job *batchv1.Job, mine bool, cause error, o api.SubmitOptions) error {
	if !o.DryRun.Keeps() {
		return cause // nothing was made
	}
	var passing *api.UnavailableError
	if errors.As(cause, &passing) || ctx.Err() != nil {
		half := fmt.Sprintf("task %s was submitted only half; submit it again with the same --request-id, or remove it with `%s`",
			job.Name, c.conn.Hint().Vast("delete", job.Labels[kube.LabelTaskID]))
		if ctx.Err() != nil {
			c.conn.Warn(half) // of somebody's Ctrl-C no error is shown
			return cause
		}
		return fmt.Errorf("%s: %w", half, cause)
	}
	if !mine {
		return cause
	}
	background := metav1.DeletePropagationBackground
	err := c.conn.Kube.BatchV1().Jobs(job.Namespace).Delete(ctx, job.Name,
		access.Exactly(job.UID, metav1.DeleteOptions{PropagationPolicy: &background}))
	if err := c.conn.Deleted(err, jobsResource, job.Name); err != nil {
		return fmt.Errorf("%w (Job %s is left, suspended, and could not be removed: %v)", cause, job.Name, err)
	}
	return cause
}
