package sdk

import (
	"context"
	"iter"

	"github.com/kubevast/vast/internal/files"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// Workflow submits and manages runs of workflows. A run has one state and a Job for each
// attempt at a task; a driver in the cluster creates them, or a client that calls Reconcile.
//
// A ref names a run: by its id, by the name of its workflow, by a unique prefix of one of
// these, or "@latest" for the caller's newest one. It may have a type before it, as in
// "run/ID". The errors are those of Task.
type Workflow interface {
	// Submit creates a run and returns when its driver is created. Everything is checked
	// before anything is created. With o.RequestID it is idempotent: if the run exists it is
	// completed and returned as Unchanged, and if a different one has that RequestID the
	// error is an *api.ConflictError. With o.LocalDriver no driver is created. Of a
	// workflow that needs what this version does not have, the error is an
	// *api.InvalidSpecError; of a namespace that is not set up, an *api.NotInstalledError.
	Submit(ctx context.Context, w *spec.Workflow, o api.SubmitOptions) (*api.WorkflowRun, error)
	// Rerun creates a run that executes tasks of a run again which has ended, and keeps the
	// results of the others; see api.WorkflowRerunOptions. Approvals are required again. The
	// Reason of each task of the new run is why it is executed, or what it is kept from. The
	// error is an *api.ConflictError if the run has not ended, has setup errors, has no task
	// to execute, or if results that would be kept are gone.
	Rerun(ctx context.Context, ref string, o api.WorkflowRerunOptions) (*api.WorkflowRun, error)
	// Get returns one run with its tasks.
	Get(ctx context.Context, ref string) (*api.WorkflowRun, error)
	// List returns runs without their tasks, oldest first: those in the cluster, and in one
	// namespace also the newest 50 of the history. o.States must be empty.
	List(ctx context.Context, o api.TaskListOptions) (*api.WorkflowRunList, error)
	// History returns ended runs without their tasks from the store, newest first. If there are
	// more, Continue of the list is the Before of the next page. It takes the same few requests
	// however many runs there are, unless the options select few of many. Runs whose objects
	// are still in the cluster are among them. Without a store the error is an
	// *api.NotInstalledError; if the index is damaged, an *api.UnavailableError.
	History(ctx context.Context, o api.WorkflowHistoryOptions) (*api.WorkflowRunList, error)
	// RebuildHistory adds the ended runs in the cluster that are missing to the history, and
	// makes its index again from the records of all runs, which it reads. It returns the number
	// of runs. A dry run only counts the runs in the index.
	RebuildHistory(ctx context.Context, dryRun api.DryRun) (int, error)
	// Watch yields the run with its tasks, first and whenever it has changed, until it has
	// ended. An error is the last that it yields.
	Watch(ctx context.Context, ref string) iter.Seq2[*api.WorkflowRun, error]
	// Events yields the events of a run after a sequence number, 0 for all, and then each one
	// as it is recorded, until the run has ended. After an error or an interruption a call with
	// the number of the last event continues. Events that are no longer recorded are counted in
	// Missed of the next one; those in the store are read from there. An error is the last that
	// it yields.
	Events(ctx context.Context, ref string, after int64) iter.Seq2[*api.WorkflowEvent, error]
	// Redeliver has the events of a run sent to its webhooks again, in their order. It returns
	// when the request is recorded; the driver sends them, which is created again if the run
	// has ended. The error is an *api.ConflictError if the workflow has no webhook, or if there
	// is no event after o.After.
	Redeliver(ctx context.Context, ref string, o api.WorkflowRedeliverOptions) (*api.WorkflowRun, error)
	// Stop requests that a run ends: running tasks are stopped, and others are skipped, except
	// those that depend on a stopped one with on_stopped; a second call stops these, too. It
	// returns before they are. A run that has ended is returned unchanged.
	Stop(ctx context.Context, ref string, o api.TaskStopOptions) (*api.WorkflowRun, error)
	// Delete deletes a run with all its tasks, and its record in the history. Its stored results and logs stay until
	// CollectGarbage removes those that no other run refers to.
	Delete(ctx context.Context, ref string, o api.TaskDeleteOptions) (*api.WorkflowRun, error)
	// Record creates a run of phase "setuperror" from the problems of a file that could not be
	// read: an *api.InvalidSpecError. file are its bytes; the name of the run is taken from it.
	// The run never changes, and cannot be rerun. With o.RequestID it is idempotent.
	Record(ctx context.Context, file []byte, problems error, o api.SubmitOptions) (*api.WorkflowRun, error)
	// Decide approves or rejects a task that waits for approval, as the user that the API
	// server takes the caller for. The same decision of a user counts once, and is returned
	// as Unchanged. For a task that does not wait the error is an *api.ConflictError; of a
	// user who may not decide, an *api.ForbiddenError.
	Decide(ctx context.Context, ref, task string, o api.WorkflowDecisionOptions) (*api.WorkflowApproval, error)
	// Approvals returns the tasks of all users' runs that wait for approval.
	Approvals(ctx context.Context, o api.TaskListOptions) (*api.WorkflowApprovalList, error)
	// CollectGarbage removes the results of tasks whose runs were all deleted. It deletes from
	// the cluster the runs that ended more than api.DefaultTTL ago, are in the history, and have
	// no driver's Job with which they leave. It returns what it has removed. An interrupted call can be repeated. Without a store the error is an
	// *api.NotInstalledError.
	CollectGarbage(ctx context.Context, o api.GarbageOptions) (*api.GarbageList, error)
	// Reconcile drives a run from this process while no other driver does. With wait it
	// returns when the run has ended; otherwise when nothing is left to do at the moment,
	// and it creates the driver in the cluster again if that is gone. It may be called at
	// any time, by several clients at once.
	Reconcile(ctx context.Context, ref string, wait bool) (*api.WorkflowRun, error)
}

// LoadWorkflow reads and checks the file of a workflow, a pipeline or a job group, which
// Workflow.Submit takes. path may be an http or https URL. The error is an
// *api.InvalidSpecError with every problem of the file.
func LoadWorkflow(ctx context.Context, path string, in spec.Inputs) (*spec.Workflow, error) {
	data, err := new(files.Reader).Read(ctx, path, spec.MaxCampaignBytes)
	if err != nil {
		return nil, err
	}
	return spec.ParseWorkflow(path, data, in)
}

// Workflows returns the interface to runs of workflows.
func (c *Client) Workflows() Workflow { return c.runs }
