package record

import (
	"context"
	"sync"
	"time"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/portforward"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/internal/authz"
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

// records reads and changes the records of campaigns, in the cluster and in the
// store.
type Client struct {
	Conn   *access.Conn
	Rights *authz.Checker
	// toRead is the store for requests that only read, needed for all others.
	toRead, needed opened
}

// New returns a client for the records of conn's namespace. It sends no request.
func New(conn *access.Conn, rights *authz.Checker) *Client {
	return &Client{Conn: conn, Rights: rights}
}

// NewWithStore returns records that use b as their store.
func NewWithStore(conn *access.Conn, b store.Backend) *Client {
	c := New(conn, authz.New(conn))
	c.toRead.store, c.needed.store = b, b
	return c
}

// OpenToRead returns the store for requests that only read; it is opened once.
func (c *Client) OpenToRead(ctx context.Context) (store.Backend, error) {
	return c.toRead.open(ctx, c.Conn, portforward.OpenToRead, store.WithPatience(lookPatience))
}

// OpenStore returns the store for what cannot be done without it: one that is
// away, as while its pod is made anew, is waited for longer than by who only
// looks and will look again.
func (c *Client) OpenStore(ctx context.Context) (store.Backend, error) {
	return c.needed.open(ctx, c.Conn, portforward.Open)
}

// StoreIfAny is the store, or nil where there is no way to it: a campaign can
// be stopped and held all the same.
func (c *Client) StoreIfAny(ctx context.Context) store.Backend {
	b, err := c.OpenToRead(ctx)
	if err != nil {
		return nil
	}
	return b
}

// lookPatience is how long a store that is away is waited for: whoever looks
// will look again.
const lookPatience = 5 * time.Second
