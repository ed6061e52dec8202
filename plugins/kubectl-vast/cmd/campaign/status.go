package campaign

import (
	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/monitor"
	"github.com/kubevast/vast/sdk/api"
)

func newStatus(f *cli.Factory) *cobra.Command {
	o := &monitor.Options{Factory: f, Interval: monitor.Interval, Once: true, Output: cli.NewGetFlags(f)}
	c := &cobra.Command{
		Use:     "status CAMPAIGN",
		Aliases: []string{"describe"},
		Short:   "Show the status of a campaign, and why runs failed",
		Long: templates.LongDesc(`
			Show the status of a campaign: its runs by state, the rate and the estimated end, and
			why runs failed, with an example of each cause and the command that prints its log.

			This is the output of "kubectl vast monitor --once" for one campaign.`),
		Example: templates.Examples(`
			# Show the newest campaign
			kubectl vast campaign status @latest

			# Include the progress of running runs
			kubectl vast campaign status @latest -o wide

			# Print the state only
			kubectl vast campaign status @latest -o jsonpath='{.state}'`),
		Args: cli.Args(1, 1, "the id of a campaign"),
		RunE: func(c *cobra.Command, args []string) error {
			o.Query = api.CampaignListOptions{Refs: args}
			if err := o.Complete(); err != nil {
				return err
			}
			if o.Output.Human() {
				return o.Run(c.Context())
			}
			client, err := o.Client()
			if err != nil {
				return err
			}
			list, err := client.Campaigns().List(c.Context(), o.Query)
			if err != nil {
				return err
			}
			return o.Printer.PrintObj(&list.Items[0], o.Out)
		},
		ValidArgsFunction: f.Complete(1, cli.CampaignIDs),
	}
	o.AddOutput(c)
	return c
}
