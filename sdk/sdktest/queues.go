package sdktest

import (
	"context"

	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
)

// Queues implements sdk.Queue with functions. A method whose function is nil returns an
// error that names it.
type Queues struct {
	OnGet      func(ctx context.Context, ref string) (*api.QueueStatus, error)
	OnList     func(ctx context.Context, o api.QueueListOptions) (*api.QueueStatusList, error)
	OnPending  func(ctx context.Context, o api.QueuePendingOptions) (*api.QueuedTaskList, error)
	OnPosition func(ctx context.Context, taskRef string) (*api.QueuedTask, error)
	OnHold     func(ctx context.Context, ref string, o api.QueueHoldOptions) (*api.QueueStatus, error)
	OnResume   func(ctx context.Context, ref string, o api.QueueResumeOptions) (*api.QueueStatus, error)
}

var _ sdk.Queue = Queues{}

// Get implements sdk.Queue.
func (f Queues) Get(ctx context.Context, ref string) (*api.QueueStatus, error) {
	if f.OnGet == nil {
		return nil, unset("Queues.OnGet")
	}
	return f.OnGet(ctx, ref)
}

// List implements sdk.Queue.
func (f Queues) List(ctx context.Context, o api.QueueListOptions) (*api.QueueStatusList, error) {
	if f.OnList == nil {
		return nil, unset("Queues.OnList")
	}
	return f.OnList(ctx, o)
}

// Pending implements sdk.Queue.
func (f Queues) Pending(ctx context.Context, o api.QueuePendingOptions) (*api.QueuedTaskList, error) {
	if f.OnPending == nil {
		return nil, unset("Queues.OnPending")
	}
	return f.OnPending(ctx, o)
}

// Position implements sdk.Queue.
func (f Queues) Position(ctx context.Context, taskRef string) (*api.QueuedTask, error) {
	if f.OnPosition == nil {
		return nil, unset("Queues.OnPosition")
	}
	return f.OnPosition(ctx, taskRef)
}

// Hold implements sdk.Queue.
func (f Queues) Hold(ctx context.Context, ref string, o api.QueueHoldOptions) (*api.QueueStatus, error) {
	if f.OnHold == nil {
		return nil, unset("Queues.OnHold")
	}
	return f.OnHold(ctx, ref, o)
}

// Resume implements sdk.Queue.
func (f Queues) Resume(ctx context.Context, ref string, o api.QueueResumeOptions) (*api.QueueStatus, error) {
	if f.OnResume == nil {
		return nil, unset("Queues.OnResume")
	}
	return f.OnResume(ctx, ref, o)
}
