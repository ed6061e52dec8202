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
		Short:   "Show how a campaign stands, and why runs failed",
		Long: templates.LongDesc(`
			Show how a campaign stands: its runs by state, the pace and an estimate of the
			end, and why runs failed, with an example of each sort and how to see its log.

			It is what "kubectl vast monitor --once" shows of one campaign.`),
		Example: templates.Examples(`
			# The newest campaign
			kubectl vast campaign status @latest

			# How far its running runs are
			kubectl vast campaign status @latest -o wide

			# Only the state, for a script
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
