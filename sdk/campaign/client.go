package campaign

import (
	"sync"

	"github.com/kubevast/vast/sdk/access"
	"github.com/kubevast/vast/sdk/queue"
	"github.com/kubevast/vast/sdk/rights"
	"github.com/kubevast/vast/sdk/task"
)

// Client implements sdk.Campaign.
type Client struct {
	conn   *access.Conn
	tasks  *task.Client
	queues *queue.Client
	rights *rights.Checker
	seen   seen
	needed opened
	whole  sync.Map // by campaign: all its runs have been seen
	others sync.Map // clients for other namespaces, by these
}

// New returns a client over conn. It contacts nobody.
func New(conn *access.Conn, tasks *task.Client, queues *queue.Client) *Client {
	return &Client{conn: conn, tasks: tasks, queues: queues, rights: rights.New(conn)}
}
