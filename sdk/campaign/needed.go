package campaign

import (
	"context"
	"sync"

	"github.com/kubevast/vast/sdk/store"
	"github.com/kubevast/vast/sdk/tunnel"
)

// needed is the store for what cannot be done without it: one that is away, as
// while its pod is made anew, is waited for longer than by who only looks and
// will look again. The zero value is ready.
type needed struct {
	mu    sync.Mutex
	store store.Backend
}

// openStore returns the store, or why there is no way to it. It is opened once.
func (c *Client) openStore(ctx context.Context) (store.Backend, error) {
	c.needed.mu.Lock()
	defer c.needed.mu.Unlock()
	if c.needed.store == nil {
		opened, err := tunnel.Open(ctx, c.conn)
		if err != nil {
			return nil, err
		}
		c.needed.store = opened
	}
	return c.needed.store, nil
}
