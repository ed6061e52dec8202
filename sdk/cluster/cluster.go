// Package cluster makes a cluster ready for batch work and takes that back.
package cluster

import (
	"github.com/kubevast/vast/sdk/kube"
)

// Client implements sdk.Cluster.
type Client struct {
	conn *kube.Conn
}

// New returns a client over conn. It contacts nobody.
func New(conn *kube.Conn) *Client { return &Client{conn: conn} }
