package campaign

import (
	"context"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

func newHold(f *cli.Factory) *cobra.Command {
	o := &changeOptions{Factory: f, done: "held"}
	o.note = func(c *api.Campaign) string {
		return runsLeft(c) + ". Let it go on with: " + f.Hint().Vast("campaign", "resume", c.ID)
	}
	o.change = func(ctx context.Context, client cli.Client, ref string) (*api.Campaign, error) {
		return client.Campaigns().Hold(ctx, ref, api.CampaignHoldOptions{DryRun: o.dryRun.Value, FieldManager: o.manager})
	}
	return o.add(&cobra.Command{
		Use:   "hold",
		Short: "Hold campaigns: no more runs start",
		Long: templates.LongDesc(`
			Hold campaigns: no more runs start until they are resumed. Queued runs keep their
			position; running ones continue.`),
		Example: templates.Examples(`
			# Hold a campaign
			kubectl vast campaign hold sweep-2026-06-17-101500`),
	})
}
