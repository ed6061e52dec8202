package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubevast/vast/internal/portforward"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// storeTime is how long the store may take for some small requests.
const storeTime = time.Minute

// storeStatus shows whether the store works.
var storeStatus = api.Remedy{Action: api.ClusterStatusGet}

// store checks that objects can be put, read, listed and deleted from here, and that
// the store behaves as the engine requires.
func (c *Client) store(ctx context.Context, o api.DoctorOptions) []api.Check {
	const name = "store"
	asked, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	s, err := portforward.Open(asked, c.conn)
	var absent *api.NotInstalledError
	var forbidden *api.ForbiddenError
	switch {
	case errors.As(err, &absent):
		return one(warning(name, "the namespace has no store", needed, setup))
	case errors.As(err, &forbidden):
		return one(skippedBy(name, err))
	case err != nil:
		return one(warning(name, err.Error(), needed, append(api.Remedies(err), storeStatus)...))
	}
	defer s.Close()
	if o.NoProbe {
		return one(skipped(name, "not tried, since nothing was to be created"))
	}
	lacks, err := s.Examine(asked)
	if err != nil {
		return one(warning(name, err.Error(), needed, append(api.Remedies(err), storeStatus)...))
	}
	checks := make([]api.Check, 0, len(lacks))
	for _, lack := range lacks {
		outcome := warning
		if lack.Loses { // cluster setup would refuse such a store
			outcome = failed
		}
		checks = append(checks, outcome(name, lackOf(s.Endpoint, lack), lack.Fix))
	}
	if len(checks) == 0 {
		return one(ok(name, "objects were put, read, listed and deleted from here"))
	}
	return checks
}

func lackOf(endpoint string, lack store.Lack) string {
	if lack.Loses {
		return fmt.Sprintf("the store at %s would lose results: %s", endpoint, lack.What)
	}
	return fmt.Sprintf("the store at %s: %s", endpoint, lack.What)
}
