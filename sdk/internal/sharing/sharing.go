// Package sharing uploads archives of campaigns and tasks to a share by a Job of the
// agent, and reads the settings of a share.
package sharing

import (
	"context"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/portforward"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/internal/authz"
	"github.com/kubevast/vast/sdk/internal/result"
	"github.com/kubevast/vast/sdk/internal/task"
)

// Client implements sdk.Share but for Watch.
type Client struct {
	conn    *access.Conn
	tasks   *task.Client
	results *result.Client
	rights  *authz.Checker
}

// New returns a client over conn. It sends no request.
func New(conn *access.Conn, tasks *task.Client, results *result.Client) *Client {
	return &Client{conn: conn, tasks: tasks, results: results, rights: tasks.Rights()}
}

// openStore connects to the namespace's store to read from it.
func (c *Client) openStore(ctx context.Context) (*store.Store, error) {
	return portforward.OpenToRead(ctx, c.conn)
}

const jobsResource = "jobs.batch"
