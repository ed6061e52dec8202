package cluster

import (
	"context"

	"github.com/kubevast/vast/sdk/api"
)

// Kueue returns what can be known of the cluster's Kueue, whoever installed
// it. What is wrong with it, or may not be read, is in the result's Reason.
func (c *Client) Kueue(ctx context.Context) (*api.KueueStatus, error) {
	s := &api.KueueStatus{}
	return s, c.kueueStatus(ctx, s)
}
