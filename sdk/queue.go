package sdk

import (
	"context"

	"github.com/kubevast/vast/sdk/api"
)

// Queue knows how to look at Kueue's queues and to hold them. Every method
// returns NotInstalledError when the cluster has no Kueue.
type Queue interface {
	// Status returns the LocalQueues of a namespace with quota and use of
	// the ClusterQueues behind them.
	Status(ctx context.Context, o api.QueueListOptions) (*api.QueueStatusList, error)
	// Pending returns what waits, in the order in which it will be looked
	// at, with positions, reasons and estimates.
	Pending(ctx context.Context, o api.QueueListOptions) (*api.QueuedTaskList, error)
	// Position returns where one task stands; ref is as in Task. A task that
	// does not wait is a ConflictError that says in which state it is.
	Position(ctx context.Context, ref string) (*api.QueuedTask, error)
	// A queue may be named with its type: "queue.kubevast.io/NAME", "lq/NAME".
	// Hold lets nothing more start from a LocalQueue (empty: the default
	// one) until Resume. Both are idempotent.
	Hold(ctx context.Context, queue string, o api.HoldOptions) (*api.QueueStatus, error)
	Resume(ctx context.Context, queue string, o api.HoldOptions) (*api.QueueStatus, error)
}
