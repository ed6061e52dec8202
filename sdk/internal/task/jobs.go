package task

import (
	"context"
	"errors"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/queue"
)

// EachJob calls do for every Job that sel selects, tasks or not, with the status that
// the Job itself reports. It holds one page in memory; do must not keep its arguments.
func (c *Client) EachJob(ctx context.Context, namespace, sel string, do func(*batchv1.Job, *api.TaskStatus)) error {
	return c.eachJob(ctx, namespace, sel, func(job *batchv1.Job) {
		status := fromJob(job)
		do(job, &status)
	})
}

// Unexplained reports whether the pods of a Job with that status may show why it failed
// or does not start.
func Unexplained(s *api.TaskStatus, job *batchv1.Job) bool { return wantsPods(s, job) }

// ExplainJobs returns the status of jobs with what their pods report, by the Jobs' UIDs.
// sel must select all of their pods. It costs one request per 500 failed or waiting
// pods, and one per 500 events if pods cannot be created.
func (c *Client) ExplainJobs(ctx context.Context, namespace, sel string, jobs []*batchv1.Job) (map[types.UID]api.TaskStatus, error) {
	if len(jobs) == 0 {
		return nil, nil
	}
	e := &explanation{c: c, namespace: namespace, tasks: make([]api.TaskStatus, len(jobs)), jobs: make(map[types.UID]*batchv1.Job, len(jobs))}
	all := make([]int, len(jobs))
	for i, job := range jobs {
		e.tasks[i], all[i] = fromJob(job), i
		e.jobs[job.UID] = job
	}
	if err := e.explain(ctx, sel, all); err != nil {
		return nil, err
	}
	out := make(map[types.UID]api.TaskStatus, len(jobs))
	for i := range e.tasks {
		if e.tasks[i].Diagnosis == nil && e.tasks[i].State == api.Failed { // it has no pods any more
			e.tasks[i] = build(jobs[i], nil, nil)
		}
		out[jobs[i].UID] = e.tasks[i]
	}
	return out, nil
}

// Progress returns the last progress of the pods whose Leases have these labels, by the
// IDs of their tasks. If the caller may not read Leases, it warns and returns none.
func (c *Client) Progress(ctx context.Context, namespace string, set map[string]string) map[string]api.Progress {
	progress := c.progress(ctx, namespace, set)
	out := make(map[string]api.Progress, len(progress))
	for key, p := range progress {
		out[key.id] = p.Progress
	}
	return out
}

// CheckOptions returns an InvalidSpecError with all problems of the options. It sends no
// request.
func CheckOptions(o api.SubmitOptions) error { return checkOptions(o) }

// Profile returns the security profile that the namespace enforces, empty for none. It
// returns an error for a namespace that does not exist or is being deleted. The result
// is cached.
func (c *Client) Profile(ctx context.Context) (string, error) { return c.namespaceProfile(ctx) }

// Fits returns an error for a Job that can never start: if the namespace's quota, the
// queue's quota or every node is too small. Force skips the check of queue and nodes.
func (c *Client) Fits(ctx context.Context, job *batchv1.Job, choice queue.Choice, force bool) error {
	if err := c.fitsQuota(ctx, job); err != nil {
		return err
	}
	return c.fitsQueue(ctx, job, choice, api.SubmitOptions{Force: force})
}

// StopJob stops a Job that is not a task in the same way as Stop. It does nothing for
// one that has finished or is gone.
func (c *Client) StopJob(ctx context.Context, job *batchv1.Job, user string, o api.TaskStopOptions) error {
	_, err := c.stop(ctx, job, user, o)
	if gone := (*api.NotFoundError)(nil); errors.As(err, &gone) {
		return nil
	}
	return err
}
