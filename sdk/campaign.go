package sdk

import (
	"context"
	"iter"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

// Campaign knows how to look after campaigns. A campaign is many runs of many
// configurations; each run is a Job, or several are packed into one. A ref names a
// campaign: its id, its name where the caller has one campaign of that name, the
// beginning of one of these, or "@latest" for his newest one; the type may stand
// before it, as in "campaign.kubevast.io/ID". What changes something takes no
// beginning of a name: it is InvalidSpecError.
type Campaign interface {
	CampaignWriter
	CampaignMonitor
	CampaignPreparer
}

// CampaignWriter knows how to run campaigns.
type CampaignWriter interface {
	// Render returns the Jobs that Run would create, in the order of their
	// creation, and the warnings. It needs no cluster. A Job is made when it
	// is asked for, so that any number of them takes little memory; they
	// share what they have alike, which nobody may change. An error ends them.
	Render(ctx context.Context, s *spec.Campaign, configs *variation.Configs, o api.CampaignOptions) (iter.Seq2[*batchv1.Job, error], []string, error)
	// Run creates a campaign and returns when all its Jobs are made. Whatever
	// ends it in the middle, Run with o.ID set to the campaign's id does what
	// is left, and makes no Job twice. Then s may be nil, unless the inputs
	// were not yet in the store. One that somebody stops meanwhile is a
	// Conflict. A campaign needs a store: NotInstalledError.
	Run(ctx context.Context, s *spec.Campaign, configs *variation.Configs, o api.CampaignOptions) (*api.Campaign, error)
	// Random returns what drew the random values of the campaign of this id, for
	// who expands its file once more to give it to Run. Run refuses other values
	// than those that the campaign was begun with: Conflict. An id that nobody
	// has is NotFoundError; it may become a new campaign's.
	Random(ctx context.Context, id string) (api.Random, error)
	// Rerun makes a new campaign of the runs of another one that failed.
	Rerun(ctx context.Context, ref string, o api.CampaignRerunOptions) (*api.Campaign, error)
	// Stop ends all runs that wait or run. What they have is kept.
	Stop(ctx context.Context, ref string, o api.StopOptions) (*api.Campaign, error)
	// Hold lets no more runs start until Resume; what runs goes on.
	Hold(ctx context.Context, ref string, o api.HoldOptions) (*api.Campaign, error)
	Resume(ctx context.Context, ref string, o api.HoldOptions) (*api.Campaign, error)
	// Cleanup removes campaigns' Jobs, and with Data all that is kept of them.
	// A campaign that has not ended is a ConflictError, unless Force is set.
	Cleanup(ctx context.Context, o api.CampaignCleanupOptions) (*api.CampaignCleanup, error)
}

// CampaignMonitor knows how to look at campaigns.
type CampaignMonitor interface {
	// Monitor returns campaigns as they stand, the oldest first: counts of
	// their runs, pace, and failures by cause. Runs whose Jobs have expired
	// are counted by what is kept of them. It is cheap to call again on the
	// same Client: only what may have changed is read.
	//
	// An id that nothing is known of is NotFoundError, one that is the beginning
	// of several is InvalidSpecError; the campaigns of the other ids are returned
	// together with that error.
	Monitor(ctx context.Context, o api.MonitorOptions) (*api.CampaignList, error)
}
