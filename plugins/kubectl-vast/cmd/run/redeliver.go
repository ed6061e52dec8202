package run

import (
	"context"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

func newRedeliver(f *cli.Factory) *cobra.Command {
	opts := api.WorkflowRedeliverOptions{FieldManager: cli.FieldManager}
	o := &changeFlags{Factory: f, output: cli.NewDoneFlags(f), done: "events are being delivered again"}
	c := &cobra.Command{
		Use:   "redeliver RUN...",
		Short: "Send the events of runs to their webhooks again",
		Long: templates.LongDesc(`
			Send the events of runs to their webhooks again, in their order and with the ids that
			they had. The driver in the cluster sends them; that of a run which has ended is created
			again. The command returns before they are sent.

			Of a run in a namespace without a store, the last 1000 events are kept at least; of other
			ones the last 10,000 are sent. A receiver finds the number of those before in "missed".`),
		Example: templates.Examples(`
			# Send all events of a run again
			kubectl vast run redeliver x7k2m9qa

			# Send those after number 17
			kubectl vast run redeliver x7k2m9qa --after=17`),
		RunE: func(c *cobra.Command, args []string) error {
			return o.each(c.Context(), args, func(ctx context.Context, client cli.Client, ref string) (*api.WorkflowRun, error) {
				opts.DryRun = o.dryRun.Value
				return client.Workflows().Redeliver(ctx, ref, opts)
			})
		},
	}
	o.add(c)
	c.Flags().Int64Var(&opts.After, "after", 0, "Sequence number of the last event that is not sent.")
	c.Flags().StringVar(&opts.AgentImage, "agent-image", "", "Image of the driver of a run that has ended. (default $VAST_AGENT_IMAGE, or the image of this release by its digest)")
	c.Flags().StringVar(&opts.FieldManager, "field-manager", opts.FieldManager, "Name of the manager used to track field ownership.")
	return c
}
