package campaign

import (
	"context"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

func newResume(f *cli.Factory) *cobra.Command {
	o := &changeOptions{Factory: f, done: "resumed"}
	o.note = func(c *api.Campaign) string {
		if c.State == api.CampaignSubmitting {
			return "Its submission was not finished; do that with: " + f.Hint().Vast("campaign", "run", "--resume="+c.ID)
		}
		return runsLeft(c)
	}
	o.change = func(ctx context.Context, client cli.Client, ref string) (*api.Campaign, error) {
		return client.Campaigns().Resume(ctx, ref, api.CampaignHoldOptions{DryRun: o.dryRun.Value, FieldManager: o.manager})
	}
	return o.add(&cobra.Command{
		Use:   "resume",
		Short: "Resume campaigns that were held",
		Long: templates.LongDesc(`
			Resume campaigns that were held.

			To finish an interrupted submission, use "kubectl vast campaign run
			--resume CAMPAIGN".`),
		Example: templates.Examples(`
			# Resume a campaign
			kubectl vast campaign resume sweep-2026-06-17-101500`),
	})
}
