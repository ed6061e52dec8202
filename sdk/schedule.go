package sdk

import (
	"context"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// Schedule manages what submits runs of a workflow at the times of a cron expression. A
// schedule is a CronJob, which creates the runs without a client; see api.WorkflowSchedule.
// Its concurrency policy, its deadline and its time zone are those of Kubernetes.
//
// A ref names a schedule by the name of its workflow or of its CronJob. It may have a type
// before it, as in "schedule/NAME". The errors are those of Task.
type Schedule interface {
	// Apply creates the schedule of a workflow that has one, or replaces that of the caller's
	// workflow with the same name. Everything is checked and rendered now: each run executes
	// what the workflow, its files, queue and variables are at this call. An interrupted call
	// leaves an earlier schedule as it was, and can be repeated. The error is an
	// *api.ConflictError if another user has a schedule of the name.
	Apply(ctx context.Context, w *spec.Workflow, o api.SubmitOptions) (*api.WorkflowSchedule, error)
	// List returns schedules with the number of their active runs and their newest run.
	// o.States must be empty.
	List(ctx context.Context, o api.TaskListOptions) (*api.WorkflowScheduleList, error)
	// Suspend has a schedule submit no runs until Resume. Runs that are active continue.
	Suspend(ctx context.Context, ref string, o api.TaskStopOptions) (*api.WorkflowSchedule, error)
	// Resume has a suspended schedule submit runs again. Of the times that were missed it makes
	// up for at most one, within its startingDeadlineSeconds.
	Resume(ctx context.Context, ref string, o api.TaskStopOptions) (*api.WorkflowSchedule, error)
	// Trigger requests a run now, also of a suspended schedule, and returns before that exists.
	// Triggered is the id of the run. The concurrency policy applies to it.
	Trigger(ctx context.Context, ref string, o api.TaskStopOptions) (*api.WorkflowSchedule, error)
	// Delete deletes a schedule. Its runs stay, and active ones continue.
	Delete(ctx context.Context, ref string, o api.TaskStopOptions) (*api.WorkflowSchedule, error)
}

// Schedules returns the interface to schedules of workflows.
func (c *Client) Schedules() Schedule { return c.runs.Schedules() }
