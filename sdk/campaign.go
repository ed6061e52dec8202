package sdk

import (
	"context"

	"github.com/kubevast/vast/sdk/api"
)

// Campaign knows how to look after campaigns. A campaign is many runs of many
// configurations; each run is a Job, or several are packed into one.
type Campaign interface {
	CampaignMonitor
}

// CampaignMonitor knows how to look at campaigns.
type CampaignMonitor interface {
	// Monitor returns campaigns as they stand, the oldest first: counts of
	// their runs, pace, and failures by cause. Runs whose Jobs have expired
	// are counted by what is kept of them. It is cheap to call again on the
	// same Client: only what may have changed is read.
	//
	// An id that nothing is known of is NotFound, one that is the beginning
	// of several is InvalidSpec; the campaigns of the other ids are returned
	// together with that error.
	Monitor(ctx context.Context, o api.MonitorOptions) (*api.CampaignList, error)
}
