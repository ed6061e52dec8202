package sdktest

import (
	"context"
	"iter"

	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// Tasks implements sdk.Task with functions. A method whose function is nil returns an
// error that names it.
type Tasks struct {
	// OnCheck may be nil: Check then accepts every task.
	OnCheck  func(t *spec.Task, o api.SubmitOptions) error
	OnRender func(t *spec.Task, o api.SubmitOptions) (*api.RenderedTask, error)
	OnSubmit func(ctx context.Context, t *spec.Task, o api.SubmitOptions) (*api.TaskStatus, error)
	OnStop   func(ctx context.Context, ref string, o api.TaskStopOptions) (*api.TaskStatus, error)
	OnDelete func(ctx context.Context, ref string, o api.TaskDeleteOptions) (*api.TaskStatus, error)
	OnGet    func(ctx context.Context, ref string) (*api.TaskStatus, error)
	OnList   func(ctx context.Context, o api.TaskListOptions) (*api.TaskStatusList, error)
	OnWatch  func(ctx context.Context, o api.TaskListOptions) iter.Seq2[*api.TaskStatus, error]
	OnWait   func(ctx context.Context, ref string, o api.WaitOptions) (*api.TaskStatus, error)
	OnLogs   func(ctx context.Context, ref string, o api.LogOptions, sink api.LogSink) error
}

var _ sdk.Task = Tasks{}

// Check implements sdk.Task.
func (f Tasks) Check(t *spec.Task, o api.SubmitOptions) error {
	if f.OnCheck == nil {
		return nil
	}
	return f.OnCheck(t, o)
}

// Render implements sdk.Task.
func (f Tasks) Render(t *spec.Task, o api.SubmitOptions) (*api.RenderedTask, error) {
	if f.OnRender == nil {
		return nil, unset("Tasks.OnRender")
	}
	return f.OnRender(t, o)
}

// Submit implements sdk.Task.
func (f Tasks) Submit(ctx context.Context, t *spec.Task, o api.SubmitOptions) (*api.TaskStatus, error) {
	if f.OnSubmit == nil {
		return nil, unset("Tasks.OnSubmit")
	}
	return f.OnSubmit(ctx, t, o)
}

// Stop implements sdk.Task.
func (f Tasks) Stop(ctx context.Context, ref string, o api.TaskStopOptions) (*api.TaskStatus, error) {
	if f.OnStop == nil {
		return nil, unset("Tasks.OnStop")
	}
	return f.OnStop(ctx, ref, o)
}

// Delete implements sdk.Task.
func (f Tasks) Delete(ctx context.Context, ref string, o api.TaskDeleteOptions) (*api.TaskStatus, error) {
	if f.OnDelete == nil {
		return nil, unset("Tasks.OnDelete")
	}
	return f.OnDelete(ctx, ref, o)
}

// Get implements sdk.Task.
func (f Tasks) Get(ctx context.Context, ref string) (*api.TaskStatus, error) {
	if f.OnGet == nil {
		return nil, unset("Tasks.OnGet")
	}
	return f.OnGet(ctx, ref)
}

// List implements sdk.Task.
func (f Tasks) List(ctx context.Context, o api.TaskListOptions) (*api.TaskStatusList, error) {
	if f.OnList == nil {
		return nil, unset("Tasks.OnList")
	}
	return f.OnList(ctx, o)
}

// Watch implements sdk.Task.
func (f Tasks) Watch(ctx context.Context, o api.TaskListOptions) iter.Seq2[*api.TaskStatus, error] {
	if f.OnWatch == nil {
		return func(yield func(*api.TaskStatus, error) bool) { yield(nil, unset("Tasks.OnWatch")) }
	}
	return f.OnWatch(ctx, o)
}

// Wait implements sdk.Task.
func (f Tasks) Wait(ctx context.Context, ref string, o api.WaitOptions) (*api.TaskStatus, error) {
	if f.OnWait == nil {
		return nil, unset("Tasks.OnWait")
	}
	return f.OnWait(ctx, ref, o)
}

// Logs implements sdk.Task.
func (f Tasks) Logs(ctx context.Context, ref string, o api.LogOptions, sink api.LogSink) error {
	if f.OnLogs == nil {
		return unset("Tasks.OnLogs")
	}
	return f.OnLogs(ctx, ref, o, sink)
}
