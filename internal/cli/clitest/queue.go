package clitest

import (
	"context"

	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
)

// Queues is an sdk.Queue made of functions.
type Queues struct {
	OnStatus   func(context.Context, api.QueueListOptions) (*api.QueueStatusList, error)
	OnPending  func(context.Context, api.QueueListOptions) (*api.QueuedTaskList, error)
	OnPosition func(context.Context, string) (*api.QueuedTask, error)
	OnHold     func(context.Context, string, api.HoldOptions) (*api.QueueStatus, error)
	OnResume   func(context.Context, string, api.HoldOptions) (*api.QueueStatus, error)
}

var _ sdk.Queue = Queues{}

func (f Queues) Status(ctx context.Context, o api.QueueListOptions) (*api.QueueStatusList, error) {
	return f.OnStatus(ctx, o)
}

func (f Queues) Pending(ctx context.Context, o api.QueueListOptions) (*api.QueuedTaskList, error) {
	return f.OnPending(ctx, o)
}

func (f Queues) Position(ctx context.Context, ref string) (*api.QueuedTask, error) {
	return f.OnPosition(ctx, ref)
}

func (f Queues) Hold(ctx context.Context, queue string, o api.HoldOptions) (*api.QueueStatus, error) {
	return f.OnHold(ctx, queue, o)
}

func (f Queues) Resume(ctx context.Context, queue string, o api.HoldOptions) (*api.QueueStatus, error) {
	return f.OnResume(ctx, queue, o)
}
