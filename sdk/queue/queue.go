// Package queue looks at Kueue's queues and holds them: quota and use, what
// waits and where it stands, and whether a task can ever fit.
package queue

import (
	"github.com/kubevast/vast/sdk/kube"
)

// Client implements sdk.Queue, but for Position, which needs tasks too.
type Client struct {
	conn *kube.Conn
}

// New returns a client over conn. It contacts nobody.
func New(conn *kube.Conn) *Client { return &Client{conn: conn} }
