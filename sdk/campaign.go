package sdk

import (
	"context"
	"iter"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

// Campaign runs and manages campaigns. A campaign is many runs of many
// configurations; each run is a Job, or several runs share one.
//
// A ref names a campaign: by its id, by its name if the caller has one campaign of
// that name, by a unique prefix of either, or "@latest" for the caller's newest one.
// It may have a type before it, as in "campaign.kubevast.io/ID". Methods that change
// something accept no prefix and return an *api.InvalidSpecError for one.
//
// Campaigns need a store. Without one, the methods that create campaigns return an
// *api.NotInstalledError.
type Campaign interface {
	// Render returns the Jobs that Run would create, and warnings. It needs no
	// cluster.
	Render(ctx context.Context, s *spec.Campaign, configs *variation.Configs, o api.CampaignOptions) (*api.RenderedCampaign, error)
	// Run creates a campaign and returns when all its Jobs exist. If it fails or is
	// canceled, a call with o.ID set to the campaign's id creates what is missing
	// and creates nothing twice; s may then be nil, unless the inputs were not
	// uploaded yet. If the campaign is stopped meanwhile, the error is an
	// *api.ConflictError.
	Run(ctx context.Context, s *spec.Campaign, configs *variation.Configs, o api.CampaignOptions) (*api.Campaign, error)
	// Random returns the generator of random values that the campaign id was
	// started with, for callers that expand its file again to resume it with Run:
	// Run refuses other values with an *api.ConflictError. An unknown id is an
	// *api.NotFoundError.
	Random(ctx context.Context, id string) (api.Random, error)
	// Rerun creates a campaign of the failed runs of another one.
	Rerun(ctx context.Context, ref string, o api.CampaignRerunOptions) (*api.Campaign, error)
	// Prepare writes a campaign into a folder, with everything that is needed to
	// run it with kubectl alone: its Jobs, its inputs, what the namespace needs,
	// and instructions. It contacts no cluster and writes no credentials. The
	// folder is complete or does not exist; a folder with other content is an
	// *api.InvalidSpecError.
	Prepare(ctx context.Context, s *spec.Campaign, configs *variation.Configs, o api.PrepareOptions) (*api.PrepareReport, error)
	// Stop stops all runs that have not ended. Results saved so far are kept. It
	// is idempotent.
	Stop(ctx context.Context, ref string, o api.CampaignStopOptions) (*api.Campaign, error)
	// Hold keeps queued runs from starting until Resume; runs that have started
	// continue. A campaign that has ended, or that joined no queue, is an
	// *api.ConflictError. Hold and Resume are idempotent.
	Hold(ctx context.Context, ref string, o api.CampaignHoldOptions) (*api.Campaign, error)
	// Resume undoes Hold.
	Resume(ctx context.Context, ref string, o api.CampaignHoldOptions) (*api.Campaign, error)
	// Cleanup deletes the Jobs of campaigns, and with o.Data also their results,
	// logs and records. An unfinished campaign is an *api.ConflictError, unless
	// o.Force is set. It is idempotent.
	Cleanup(ctx context.Context, o api.CampaignCleanupOptions) (*api.CampaignCleanup, error)
	// Get returns one campaign: counts of its runs, pace, failures by cause and the
	// progress of its active runs. Runs whose Jobs have expired are counted from
	// the store.
	Get(ctx context.Context, ref string) (*api.Campaign, error)
	// List returns campaigns as Get does, oldest first. Calling it repeatedly on the
	// same Client is cheap: only what may have changed is read again.
	//
	// A ref that names nothing is an *api.NotFoundError, an ambiguous one an
	// *api.InvalidSpecError; the campaigns of the other refs are returned together
	// with the error.
	List(ctx context.Context, o api.CampaignListOptions) (*api.CampaignList, error)
	// Watch yields the list that List returns, then again whenever it has changed,
	// until ctx is done or the caller stops. It polls. While the cluster is
	// unavailable it retries and sends a warning; any other error is yielded and
	// ends the iteration.
	Watch(ctx context.Context, o api.CampaignListOptions) iter.Seq2[*api.CampaignList, error]
}
