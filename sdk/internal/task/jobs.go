package task

import (
	"context"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevast/vast/sdk/api"
)

// EachJob calls do for every Job that sel selects, tasks or not, with as much
// of its status as the Job itself tells. One page is in memory at a time, and
// neither value may be kept.
func (c *Client) EachJob(ctx context.Context, namespace, sel string, do func(*batchv1.Job, *api.TaskStatus)) error {
	return c.eachJob(ctx, namespace, sel, func(job *batchv1.Job) {
		status := fromJob(job, c.conn.Hint())
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
		e.tasks[i], all[i] = fromJob(job, c.conn.Hint()), i
		e.jobs[job.UID] = job
	}
	if err := e.explain(ctx, sel, all); err != nil {
		return nil, err
	}
	out := make(map[types.UID]api.TaskStatus, len(jobs))
	for i := range e.tasks {
		if e.tasks[i].Diagnosis == nil && e.tasks[i].State == api.Failed { // it has no pods any more
			e.tasks[i] = build(jobs[i], nil, nil, c.conn.Hint())
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
