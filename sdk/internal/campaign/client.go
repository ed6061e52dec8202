package campaign

import (
	"sync"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/sdk/internal/authz"
	"github.com/kubevast/vast/sdk/internal/queue"
	"github.com/kubevast/vast/sdk/internal/task"
)

// Client implements sdk.Campaign.
type Client struct {
	conn   *access.Conn
	tasks  *task.Client
	queues *queue.Client
	rights *authz.Checker
	seen   seen
	needed opened
	whole  sync.Map // by campaign: all its runs have been seen
	others sync.Map // clients for other namespaces, by these
}

// New returns a client over conn. It contacts nobody.
func New(conn *access.Conn, tasks *task.Client, queues *queue.Client) *Client {
	return &Client{conn: conn, tasks: tasks, queues: queues, rights: authz.New(conn)}
}
