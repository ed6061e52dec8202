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
		status := fromJob(job)
		do(job, &status)
	})
}

// Unexplained reports a Job of that status whose pods may tell why it failed,
// or why it does not start.
func Unexplained(s *api.TaskStatus, job *batchv1.Job) bool { return wantsPods(s, job) }

// ExplainJobs returns what the pods of jobs tell, by the Jobs' UIDs. sel must
// select all of their pods; it costs one request per 500 of those that failed or wait.
func (c *Client) ExplainJobs(ctx context.Context, namespace, sel string, jobs []*batchv1.Job) (map[types.UID]api.TaskStatus, error) {
	if len(jobs) == 0 {
		return nil, nil
	}
	statuses := make([]api.TaskStatus, len(jobs))
	all := make([]int, len(jobs))
	needed := make(map[string]*batchv1.Job, len(jobs))
	for i, job := range jobs {
		statuses[i], all[i] = fromJob(job), i
		needed[string(job.UID)] = job
	}
	if err := c.explain(ctx, namespace, sel, statuses, all, needed); err != nil {
		return nil, err
	}
	out := make(map[types.UID]api.TaskStatus, len(jobs))
	for i := range statuses {
		if statuses[i].Diagnosis == nil { // it has no pods any more
			statuses[i] = build(jobs[i], nil, nil)
		}
		out[jobs[i].UID] = statuses[i]
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
