package sdk

import (
	"context"
	"iter"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// Task runs and manages tasks. A task is an Indexed Job with one pod per rank.
//
// A ref names a task: by its id, by the name of its Job, by the name in its file, by
// a unique prefix of one of these, or "@latest" for the caller's newest one. It may
// have a type before it, as in "task/ID" or "job.batch/NAME". An exact match is
// preferred to a prefix. An ambiguous ref is an *api.InvalidSpecError that lists the
// candidates, and so is a type of another kind; an unknown one is an
// *api.NotFoundError.
type Task interface {
	// Check validates a task and its options without a cluster. The error is an
	// *api.InvalidSpecError with all problems, or an *api.NotSupportedError for what
	// this version cannot run.
	Check(t *spec.Task, o api.SubmitOptions) error
	// Render returns the objects that Submit would create, and warnings. It needs no
	// cluster.
	Render(t *spec.Task, o api.SubmitOptions) (*api.RenderedTask, error)
	// Submit creates a task and returns without waiting for it to start. Everything
	// is checked before anything is created. With o.RequestID it is idempotent: if
	// the task exists it is completed and returned, and if a different one has that
	// RequestID the error is an *api.ConflictError.
	Submit(ctx context.Context, t *spec.Task, o api.SubmitOptions) (*api.TaskStatus, error)
	// Stop stops a task; it stays listed. A task that has ended is returned
	// unchanged. Stop and Delete accept no prefix of a name and return an
	// *api.InvalidSpecError for one.
	Stop(ctx context.Context, ref string, o api.TaskStopOptions) (*api.TaskStatus, error)
	// Delete deletes a task: its Job, its pods and the other objects that Submit
	// created. Stored results and logs are kept.
	Delete(ctx context.Context, ref string, o api.TaskDeleteOptions) (*api.TaskStatus, error)
	// Get returns one task with its ranks, events and diagnosis.
	Get(ctx context.Context, ref string) (*api.TaskStatus, error)
	// List returns tasks, oldest first. It reads 500 objects per request.
	List(ctx context.Context, o api.TaskListOptions) (*api.TaskStatusList, error)
	// Watch yields each task once, then again after every change, until ctx is
	// done. It reconnects when a connection is lost. A deleted task is yielded once
	// more with DeletionTimestamp set.
	Watch(ctx context.Context, o api.TaskListOptions) iter.Seq2[*api.TaskStatus, error]
	// Wait returns when the task has reached o.For. A task that ends in another
	// state, or is deleted meanwhile, is an *api.TaskFailedError; a wait longer than
	// o.Timeout is an *api.TimedOutError.
	Wait(ctx context.Context, ref string, o api.WaitOptions) (*api.TaskStatus, error)
	// Logs passes every log line to sink, each once and in order per rank. With
	// o.Follow it waits for pods that do not exist yet, reconnects when a connection
	// is lost, and returns when the task has ended: nil if it succeeded, otherwise
	// an *api.TaskFailedError. An error of sink ends it and is returned.
	Logs(ctx context.Context, ref string, o api.LogOptions, sink api.LogSink) error
}
