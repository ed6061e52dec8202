package sdk

import (
	"context"

	"github.com/kubevast/vast/sdk/api"
)

// Queue reads and holds Kueue's queues. Every method returns an
// *api.NotInstalledError when the cluster has no Kueue.
//
// A ref names a LocalQueue of the client's namespace; empty is the default one. It
// may have a type before it, as in "queue.kubevast.io/NAME" or "lq/NAME".
type Queue interface {
	// Get returns one LocalQueue with the quota and usage of its ClusterQueue.
	Get(ctx context.Context, ref string) (*api.QueueStatus, error)
	// List returns LocalQueues with the quota and usage of their ClusterQueues,
	// ordered by namespace and name.
	List(ctx context.Context, o api.QueueListOptions) (*api.QueueStatusList, error)
	// Pending returns pending work in the order in which Kueue considers it, with
	// positions, reasons and estimated start times.
	Pending(ctx context.Context, o api.QueuePendingOptions) (*api.QueuedTaskList, error)
	// Position returns the position of one pending task; taskRef is a ref as in
	// Task. A task that is not pending in a queue is an *api.ConflictError.
	Position(ctx context.Context, taskRef string) (*api.QueuedTask, error)
	// Hold keeps a queue from admitting work until Resume. Both are idempotent.
	Hold(ctx context.Context, ref string, o api.QueueHoldOptions) (*api.QueueStatus, error)
	// Resume undoes Hold. A ClusterQueue that is held stays held; the state and
	// reason of the result report it.
	Resume(ctx context.Context, ref string, o api.QueueResumeOptions) (*api.QueueStatus, error)
}
