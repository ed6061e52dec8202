// Package result finds, fetches and removes what is kept of tasks and campaigns
// in the store: results, logs and how all ended, also when their Jobs are gone.
package result

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/portforward"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// Client implements sdk.Result.
type Client struct {
	conn *access.Conn
	// open connects to the namespace's store; the function it returns ends
	// the connection.
	open func(context.Context) (store.Backend, func(), error)
	// change is open for what deletes.
	change func(context.Context) (store.Backend, func(), error)
	// standing returns the state of the campaigns in the cluster, by their ids;
	// nil: only the store is read.
	standing Standing
	// inNamespace is a client for another namespace, for tests; nil: New.
	inNamespace func(namespace string) *Client
}

// Standing returns the state of the campaigns of a namespace whose runs are in
// the index of its store, by their ids: campaign.Client.Standing.
type Standing func(ctx context.Context, conn *access.Conn, b store.Backend, allUsers bool) (map[string]*api.Campaign, error)

// WithStanding makes a client use standing for the state of campaigns.
func (c *Client) WithStanding(standing Standing) *Client {
	c.standing = standing
	return c
}

// New returns a client over conn. It contacts no server.
func New(conn *access.Conn) *Client {
	by := func(open func(context.Context, *access.Conn, ...store.Option) (*store.Store, error)) func(context.Context) (store.Backend, func(), error) {
		return func(ctx context.Context) (store.Backend, func(), error) {
			s, err := open(ctx, conn)
			if err != nil {
				return nil, nil, err
			}
			return s, s.Close, nil
		}
	}
	return &Client{conn: conn, open: by(portforward.OpenToRead), change: by(portforward.Open)}
}

// atOnce is how many small objects are read at a time. Each request travels
// through the API server as a rule, so it is the latency that counts.
const atOnce = 32

// named is how many things an error names.
const named = 5

// some names a few of many: "a, b and 3 more".
func some(names []string) string {
	more := ""
	if n := len(names) - named; n > 0 {
		names, more = names[:named], fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(names, ", ") + more
}

// session is one call: the store, and what was found out on the way.
type session struct {
	*Client
	store store.Backend
	// strays are the keys that scan found below a task and that belong to none
	// of its nodes. Who removes all of it removes them.
	strays []string
	// active are campaigns with runs that have not ended, as far as they were seen.
	mu     sync.Mutex
	active map[string]bool
}

// session is for who only reads.
func (c *Client) session(ctx context.Context) (*session, func(), error) {
	return c.sessionBy(ctx, c.open)
}

func (c *Client) sessionBy(ctx context.Context, open func(context.Context) (store.Backend, func(), error)) (*session, func(), error) {
	b, done, err := open(ctx)
	if err != nil {
		return nil, nil, err
	}
	return &session{Client: c, store: b}, done, nil
}
