package sdk

import (
	"context"
	"iter"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// Task knows how to run tasks. A ref names a task: its id, its Job's name, the name
// that the caller gave it, the beginning of one of these, or "@latest" for his
// newest one. A type may stand before it, as kubectl writes it: "task/ID",
// "job.batch/NAME". An id or a name goes before all that only begin so; what may be
// several is InvalidSpecError with all of them, and so is a type of another kind.
type Task interface {
	TaskWriter
	TaskReader
	TaskLogger
}

// TaskWriter knows how to submit, stop and delete tasks.
type TaskWriter interface {
	// Check validates a task against the rules that need no cluster. It
	// returns InvalidSpec with all problems, or NotSupportedError for what this
	// build cannot run.
	Check(t *spec.Task, o api.SubmitOptions) error
	// Render returns the objects that Submit would create, in the order of
	// their creation, and the warnings. It needs no cluster.
	Render(t *spec.Task, o api.SubmitOptions) ([]runtime.Object, []string, error)
	// Submit creates the task and returns at once. Everything is checked
	// before anything is created. With a RequestID it is idempotent: the
	// same task again is found and completed, another one is a ConflictError.
	Submit(ctx context.Context, t *spec.Task, o api.SubmitOptions) (*api.TaskStatus, error)
	// Stop ends a task and keeps it in the list. To Stop and Delete the beginning
	// of a name names nothing: it is InvalidSpecError. Stopping one that has
	// ended changes nothing and is no error.
	Stop(ctx context.Context, ref string, o api.StopOptions) (*api.TaskStatus, error)
	// Delete removes a task: its Job, the pods, and what else was made for it.
	// Results and logs that are kept in the store stay.
	Delete(ctx context.Context, ref string, o api.DeleteOptions) (*api.TaskStatus, error)
}

// TaskReader knows how to look at tasks.
type TaskReader interface {
	// Get returns one task with its nodes, events and diagnosis.
	Get(ctx context.Context, ref string) (*api.TaskStatus, error)
	// List returns tasks, oldest first, with one request per 500 objects.
	List(ctx context.Context, o api.ListOptions) (*api.TaskStatusList, error)
	// Watch yields each task as it is now, then every change, until ctx
	// ends. It goes on through dropped connections. A task that was deleted
	// is yielded once more with DeletionTimestamp set.
	Watch(ctx context.Context, o api.ListOptions) iter.Seq2[*api.TaskStatus, error]
	// Wait returns when the task has reached what o asks for. A task that
	// ended otherwise is TaskFailedError, one that is removed meanwhile too
	// (cause Deleted).
	Wait(ctx context.Context, ref string, o api.WaitOptions) (*api.TaskStatus, error)
}

// TaskLogger knows how to read what tasks print.
type TaskLogger interface {
	// Logs hands every line to sink, each once and in each node's order.
	// With Follow it waits for pods that do not exist yet, goes on through
	// dropped connections, and returns when the task has ended: nil when it
	// succeeded, else TaskFailedError.
	Logs(ctx context.Context, ref string, o api.LogOptions, sink api.LogSink) error
}
