package task

import (
	"context"
	"errors"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/queue"
)

// EachJob calls do for every Job that sel selects, tasks or not, with as much
// of its status as the Job itself tells. One page is in memory at a time, and
// neither value may be kept.
func (c *Client) EachJob(ctx context.Context, namespace, sel string, do func(*batchv1.Job, *api.TaskStatus)) error {
	return c.eachJob(ctx, namespace, sel, func(job *batchv1.Job) {
		status := fromJob(job)
		do(job, &status)
	})
}

// Unexplained reports a Job of that status whose pods may tell why it failed,
// or why it does not start.
func Unexplained(s *api.TaskStatus, job *batchv1.Job) bool { return wantsPods(s, job) }

// ExplainJobs returns what the pods of jobs tell, by the Jobs' UIDs. sel must
// select all of their pods; it costs one request per 500 of those that failed or
// wait, and one per 500 events where pods cannot be made.
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

// Progress returns what the pods told last whose Leases carry these labels, by
// the ids of their tasks. Who may not read Leases gets none, and a warning.
func (c *Client) Progress(ctx context.Context, namespace string, set map[string]string) map[string]api.Progress {
	told := c.progress(ctx, namespace, set)
	out := make(map[string]api.Progress, len(told))
	for key, p := range told {
		out[key.id] = p.Progress
	}
	return out
}

// What a Job needs that is made of something else than a task: the same checks,
// with the same words.

// CheckOptions returns InvalidSpecError for options that cannot be right, all
// problems at once. It contacts nobody.
func CheckOptions(o api.SubmitOptions) error { return checkOptions(o) }

// Profile returns the security profile that the namespace enforces, empty for
// none. A namespace that is not there, or going, is an error. The answer is
// kept.
func (c *Client) Profile(ctx context.Context) (string, error) { return c.namespaceProfile(ctx) }

// Fits refuses a Job that can never start where it is going to: for lack of the
// namespace's quota, of the queue's, or of any machine that is big enough. Force
// lets those of the queue pass.
func (c *Client) Fits(ctx context.Context, job *batchv1.Job, choice queue.Choice, force bool) error {
	if err := c.fitsQuota(ctx, job); err != nil {
		return err
	}
	return c.fitsQueue(ctx, job, choice, api.SubmitOptions{Force: force})
}

// StopJob ends a Job that is no task's the way Stop ends a task's. One that has
// ended, or is gone, is left as it is.
func (c *Client) StopJob(ctx context.Context, job *batchv1.Job, user string, o api.TaskStopOptions) error {
	_, err := c.stop(ctx, job, user, o)
	if gone := (*api.NotFoundError)(nil); errors.As(err, &gone) {
		return nil
	}
	return err
}
