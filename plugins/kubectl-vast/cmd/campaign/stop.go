package campaign

import (
	"context"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

func newStop(f *cli.Factory) *cobra.Command {
	o := &changeOptions{Factory: f, done: "stopped"}
	o.change = func(ctx context.Context, client cli.Client, ref string) (*api.Campaign, error) {
		return client.Campaigns().Stop(ctx, ref, api.CampaignStopOptions{DryRun: o.dryRun.Value, FieldManager: o.manager})
	}
	return o.add(&cobra.Command{
		Use:     "stop",
		Aliases: []string{"cancel"},
		Short:   "Stop all runs of campaigns",
		Long: templates.LongDesc(`
			Stop all queued and running runs of campaigns. Running ones get their grace period,
			and their results and logs are kept. Finished runs are not changed.`),
		Example: templates.Examples(`
			# Stop your newest campaign
			kubectl vast campaign stop @latest`),
	})
}
