package cmd

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/cli/clitest"
	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
)

// cleaner is an sdk.Campaign of which one campaign more ends with each call.
type cleaner struct {
	sdk.Campaign
	ended []string
	asked []api.CampaignCleanupOptions
}

func (c *cleaner) Cleanup(_ context.Context, o api.CampaignCleanupOptions) (*api.CampaignCleanup, error) {
	c.asked = append(c.asked, o)
	done := o.Campaigns
	if len(done) == 0 {
		done = c.ended[:min(len(c.asked), len(c.ended))]
	}
	return &api.CampaignCleanup{TypeMeta: api.TypeMeta(api.KindCampaignCleanup), Campaigns: done}, nil
}

func TestCleanupRemovesWhatItHasAskedAbout(t *testing.T) {
	for name, tt := range map[string]struct {
		answer string
		ended  []string
		want   []api.CampaignCleanupOptions
	}{
		"yes": {"y\n", []string{"a", "b"}, []api.CampaignCleanupOptions{
			{Data: true, DryRun: api.DryRunClient}, {Data: true, Campaigns: []string{"a"}}}},
		"no":      {"n\n", []string{"a", "b"}, []api.CampaignCleanupOptions{{Data: true, DryRun: api.DryRunClient}}},
		"nothing": {"", nil, []api.CampaignCleanupOptions{{Data: true, DryRun: api.DryRunClient}}},
	} {
		t.Run(name, func(t *testing.T) {
			c := &cleaner{ended: tt.ended}
			run := plugin(&clitest.Client{Campaigns: c})
			run.Stdin, run.Terminal = tt.answer, true
			if r := run.Do(t, "campaign", "cleanup", "--data"); r.Code != 0 {
				t.Errorf("code %d: %s", r.Code, r.Err)
			}
			if diff := cmp.Diff(tt.want, c.asked); diff != "" {
				t.Errorf("(-want,+got):\n%s", diff)
			}
		})
	}
}

// As a script says it whose variable is empty: that must not mean all, or the
// default.
func TestAnEmptyNameIsNoName(t *testing.T) {
	for _, args := range [][]string{
		{"campaign", "cleanup", "--campaign=", "--yes"}, {"queue", "hold", ""}, {"queue", "resume", ""},
	} {
		if r := plugin(&clitest.Client{}).Do(t, args...); r.Code != 2 {
			t.Errorf("%q: exit code %d, %s", args, r.Code, r.Err)
		}
	}
}
