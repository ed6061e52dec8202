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
			Stop all runs of campaigns that wait or run. What runs gets the time to end
			cleanly, and its results and logs are kept. Runs that have ended stay as they
			are.`),
		Example: templates.Examples(`
			# Stop your newest campaign
			kubectl vast campaign stop @latest`),
	})
}
