package doctor

import (
	"context"
	"errors"
	"time"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/tunnel"
)

// storeTime is how long the store may take for three small requests.
const storeTime = 20 * time.Second

// store: an object can be put, read and deleted from here.
func (c *Client) store(ctx context.Context, o api.DoctorOptions) []api.Check {
	const name = "store"
	asked, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	s, err := tunnel.Open(asked, c.conn)
	var absent *api.NotInstalled
	var forbidden *api.Forbidden
	switch {
	case errors.As(err, &absent):
		return one(warning(name, "the namespace has no store", "files and results need one; run: "+setupCommand))
	case errors.As(err, &forbidden):
		return one(skipped(name, err.Error()))
	case err != nil:
		return one(warning(name, err.Error(), "files and results need it; see: kubectl vast cluster status"))
	}
	defer s.Close()
	if o.NoProbe {
		return one(skipped(name, "not tried, since nothing was to be created"))
	}
	if err := s.Probe(asked); err != nil {
		return one(warning(name, err.Error(), "files and results need it; see: kubectl vast cluster status"))
	}
	return one(ok(name, "an object was put, read and deleted from here"))
}
