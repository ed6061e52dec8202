package sdktest

import (
	"context"
	"iter"

	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

// Campaigns implements sdk.Campaign with functions. A method whose function is nil returns an
// error that names it.
type Campaigns struct {
	OnRender  func(ctx context.Context, s *spec.Campaign, configs *variation.Configs, o api.CampaignOptions) (*api.RenderedCampaign, error)
	OnRun     func(ctx context.Context, s *spec.Campaign, configs *variation.Configs, o api.CampaignOptions) (*api.Campaign, error)
	OnRandom  func(ctx context.Context, id string) (api.Random, error)
	OnRerun   func(ctx context.Context, ref string, o api.CampaignRerunOptions) (*api.Campaign, error)
	OnPrepare func(ctx context.Context, s *spec.Campaign, configs *variation.Configs, o api.PrepareOptions) (*api.PrepareReport, error)
	OnStop    func(ctx context.Context, ref string, o api.CampaignStopOptions) (*api.Campaign, error)
	OnHold    func(ctx context.Context, ref string, o api.CampaignHoldOptions) (*api.Campaign, error)
	OnResume  func(ctx context.Context, ref string, o api.CampaignHoldOptions) (*api.Campaign, error)
	OnCleanup func(ctx context.Context, o api.CampaignCleanupOptions) (*api.CampaignCleanup, error)
	OnGet     func(ctx context.Context, ref string) (*api.Campaign, error)
	OnList    func(ctx context.Context, o api.CampaignListOptions) (*api.CampaignList, error)
	OnWatch   func(ctx context.Context, o api.CampaignListOptions) iter.Seq2[*api.CampaignList, error]
}

var _ sdk.Campaign = Campaigns{}

// Render implements sdk.Campaign.
func (f Campaigns) Render(ctx context.Context, s *spec.Campaign, configs *variation.Configs, o api.CampaignOptions) (*api.RenderedCampaign, error) {
	if f.OnRender == nil {
		return nil, unset("Campaigns.OnRender")
	}
	return f.OnRender(ctx, s, configs, o)
}

// Run implements sdk.Campaign.
func (f Campaigns) Run(ctx context.Context, s *spec.Campaign, configs *variation.Configs, o api.CampaignOptions) (*api.Campaign, error) {
	if f.OnRun == nil {
		return nil, unset("Campaigns.OnRun")
	}
	return f.OnRun(ctx, s, configs, o)
}

// Random implements sdk.Campaign.
func (f Campaigns) Random(ctx context.Context, id string) (api.Random, error) {
	if f.OnRandom == nil {
		return "", unset("Campaigns.OnRandom")
	}
	return f.OnRandom(ctx, id)
}

// Rerun implements sdk.Campaign.
func (f Campaigns) Rerun(ctx context.Context, ref string, o api.CampaignRerunOptions) (*api.Campaign, error) {
	if f.OnRerun == nil {
		return nil, unset("Campaigns.OnRerun")
	}
	return f.OnRerun(ctx, ref, o)
}

// Prepare implements sdk.Campaign.
func (f Campaigns) Prepare(ctx context.Context, s *spec.Campaign, configs *variation.Configs, o api.PrepareOptions) (*api.PrepareReport, error) {
	if f.OnPrepare == nil {
		return nil, unset("Campaigns.OnPrepare")
	}
	return f.OnPrepare(ctx, s, configs, o)
}

// Stop implements sdk.Campaign.
func (f Campaigns) Stop(ctx context.Context, ref string, o api.CampaignStopOptions) (*api.Campaign, error) {
	if f.OnStop == nil {
		return nil, unset("Campaigns.OnStop")
	}
	return f.OnStop(ctx, ref, o)
}

// Hold implements sdk.Campaign.
func (f Campaigns) Hold(ctx context.Context, ref string, o api.CampaignHoldOptions) (*api.Campaign, error) {
	if f.OnHold == nil {
		return nil, unset("Campaigns.OnHold")
	}
	return f.OnHold(ctx, ref, o)
}

// Resume implements sdk.Campaign.
func (f Campaigns) Resume(ctx context.Context, ref string, o api.CampaignHoldOptions) (*api.Campaign, error) {
	if f.OnResume == nil {
		return nil, unset("Campaigns.OnResume")
	}
	return f.OnResume(ctx, ref, o)
}

// Cleanup implements sdk.Campaign.
func (f Campaigns) Cleanup(ctx context.Context, o api.CampaignCleanupOptions) (*api.CampaignCleanup, error) {
	if f.OnCleanup == nil {
		return nil, unset("Campaigns.OnCleanup")
	}
	return f.OnCleanup(ctx, o)
}

// Get implements sdk.Campaign.
func (f Campaigns) Get(ctx context.Context, ref string) (*api.Campaign, error) {
	if f.OnGet == nil {
		return nil, unset("Campaigns.OnGet")
	}
	return f.OnGet(ctx, ref)
}

// List implements sdk.Campaign.
func (f Campaigns) List(ctx context.Context, o api.CampaignListOptions) (*api.CampaignList, error) {
	if f.OnList == nil {
		return nil, unset("Campaigns.OnList")
	}
	return f.OnList(ctx, o)
}

// Watch implements sdk.Campaign.
func (f Campaigns) Watch(ctx context.Context, o api.CampaignListOptions) iter.Seq2[*api.CampaignList, error] {
	if f.OnWatch == nil {
		return func(yield func(*api.CampaignList, error) bool) { yield(nil, unset("Campaigns.OnWatch")) }
	}
	return f.OnWatch(ctx, o)
}
