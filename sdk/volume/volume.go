// Package volume looks after the PersistentVolumeClaims that tasks mount.
package volume

import "github.com/kubevast/vast/sdk/kube"

// Client implements sdk.Volume.
type Client struct{ conn *kube.Conn }

// New returns a client over conn. It contacts nobody.
func New(conn *kube.Conn) *Client { return &Client{conn: conn} }
