package sdk

import (
	"context"
	"fmt"
	"strings"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/queue"
	"github.com/kubevast/vast/sdk/internal/task"
)

// queues is the Queue interface: the queues, and the tasks by which Position
// finds a place in them.
type queues struct {
	*queue.Client
	tasks *task.Client
}

// Queues returns the interface to queues.
func (c *Client) Queues() Queue { return queues{c.queue, c.task} }

// Position implements Queue.
func (q queues) Position(ctx context.Context, ref string) (*api.QueuedTask, error) {
	t, err := q.tasks.Get(ctx, ref)
	if err != nil {
		return nil, err
	}
	if t.State != api.Queued {
		return nil, &api.ConflictError{Message: fmt.Sprintf("task %s does not wait: it is %s", t.ID, strings.ToLower(string(t.State)))}
	}
	if t.Queue == "" {
		return nil, &api.ConflictError{Message: fmt.Sprintf("task %s waits in no queue: %s", t.ID, t.Reason)}
	}
	return q.Client.Task(ctx, t)
}
