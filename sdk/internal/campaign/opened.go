package campaign

import (
	"context"
	"sync"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/portforward"
	"github.com/kubevast/vast/internal/store"
)

// opened is a store that is opened once. The zero value is ready.
type opened struct {
	mu    sync.Mutex
	store store.Backend
}

// way is tunnel.Open or tunnel.OpenToRead.
type way func(context.Context, *access.Conn, ...store.Option) (*store.Store, error)

// open returns the store, or why there is no way to it.
func (o *opened) open(ctx context.Context, conn *access.Conn, by way, options ...store.Option) (store.Backend, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.store == nil {
		s, err := by(ctx, conn, options...)
		if err != nil {
			return nil, err
		}
		o.store = s
	}
	return o.store, nil
}

// openStore returns the store for what cannot be done without it: one that is
// away, as while its pod is made anew, is waited for longer than by who only
// looks and will look again.
func (c *Client) openStore(ctx context.Context) (store.Backend, error) {
	return c.needed.open(ctx, c.conn, portforward.Open)
}
