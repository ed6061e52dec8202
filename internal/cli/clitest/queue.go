package clitest

import (
	"context"

	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
)

// Queues is an sdk.Queue made of functions.
type Queues struct {
	OnGet      func(context.Context, string) (*api.QueueStatus, error)
	OnList     func(context.Context, api.QueueListOptions) (*api.QueueStatusList, error)
	OnPending  func(context.Context, api.QueuePendingOptions) (*api.QueuedTaskList, error)
	OnPosition func(context.Context, string) (*api.QueuedTask, error)
	OnHold     func(context.Context, string, api.QueueHoldOptions) (*api.QueueStatus, error)
	OnResume   func(context.Context, string, api.QueueResumeOptions) (*api.QueueStatus, error)
}

var _ sdk.Queue = Queues{}

func (f Queues) Get(ctx context.Context, ref string) (*api.QueueStatus, error) {
	return f.OnGet(ctx, ref)
}

func (f Queues) List(ctx context.Context, o api.QueueListOptions) (*api.QueueStatusList, error) {
	return f.OnList(ctx, o)
}

func (f Queues) Pending(ctx context.Context, o api.QueuePendingOptions) (*api.QueuedTaskList, error) {
	return f.OnPending(ctx, o)
}

func (f Queues) Position(ctx context.Context, ref string) (*api.QueuedTask, error) {
	return f.OnPosition(ctx, ref)
}

func (f Queues) Hold(ctx context.Context, ref string, o api.QueueHoldOptions) (*api.QueueStatus, error) {
	return f.OnHold(ctx, ref, o)
}

func (f Queues) Resume(ctx context.Context, ref string, o api.QueueResumeOptions) (*api.QueueStatus, error) {
	return f.OnResume(ctx, ref, o)
}
