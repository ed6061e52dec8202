package sdktest

import (
	"context"

	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// Schedules implements sdk.Schedule with functions. A method whose function is nil returns an
// error that names it.
type Schedules struct {
	OnApply   func(ctx context.Context, w *spec.Workflow, o api.SubmitOptions) (*api.WorkflowSchedule, error)
	OnList    func(ctx context.Context, o api.TaskListOptions) (*api.WorkflowScheduleList, error)
	OnSuspend func(ctx context.Context, ref string, o api.TaskStopOptions) (*api.WorkflowSchedule, error)
	OnResume  func(ctx context.Context, ref string, o api.TaskStopOptions) (*api.WorkflowSchedule, error)
	OnTrigger func(ctx context.Context, ref string, o api.TaskStopOptions) (*api.WorkflowSchedule, error)
	OnDelete  func(ctx context.Context, ref string, o api.TaskStopOptions) (*api.WorkflowSchedule, error)
}

var _ sdk.Schedule = Schedules{}

// Apply implements sdk.Schedule.
func (f Schedules) Apply(ctx context.Context, w *spec.Workflow, o api.SubmitOptions) (*api.WorkflowSchedule, error) {
	if f.OnApply == nil {
		return nil, unset("Schedules.OnApply")
	}
	return f.OnApply(ctx, w, o)
}

// List implements sdk.Schedule.
func (f Schedules) List(ctx context.Context, o api.TaskListOptions) (*api.WorkflowScheduleList, error) {
	if f.OnList == nil {
		return nil, unset("Schedules.OnList")
	}
	return f.OnList(ctx, o)
}

// Suspend implements sdk.Schedule.
func (f Schedules) Suspend(ctx context.Context, ref string, o api.TaskStopOptions) (*api.WorkflowSchedule, error) {
	return f.change(ctx, f.OnSuspend, "Suspend", ref, o)
}

// Resume implements sdk.Schedule.
func (f Schedules) Resume(ctx context.Context, ref string, o api.TaskStopOptions) (*api.WorkflowSchedule, error) {
	return f.change(ctx, f.OnResume, "Resume", ref, o)
}

// Trigger implements sdk.Schedule.
func (f Schedules) Trigger(ctx context.Context, ref string, o api.TaskStopOptions) (*api.WorkflowSchedule, error) {
	return f.change(ctx, f.OnTrigger, "Trigger", ref, o)
}

// Delete implements sdk.Schedule.
func (f Schedules) Delete(ctx context.Context, ref string, o api.TaskStopOptions) (*api.WorkflowSchedule, error) {
	return f.change(ctx, f.OnDelete, "Delete", ref, o)
}

func (Schedules) change(ctx context.Context, do func(context.Context, string, api.TaskStopOptions) (*api.WorkflowSchedule, error),
	name, ref string, o api.TaskStopOptions) (*api.WorkflowSchedule, error) {
	if do == nil {
		return nil, unset("Schedules.On" + name)
	}
	return do(ctx, ref, o)
}
