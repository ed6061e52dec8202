package campaign

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

// changeOptions is what stop, hold and resume have in common.
type changeOptions struct {
	*cli.Factory
	done    string // "held"
	refs    []string
	manager string
	dryRun  cli.DryRunFlag
	output  *cli.DoneFlags
	change  func(ctx context.Context, client cli.Client, ref string) (*api.Campaign, error)
	// note returns what the one line cannot contain; "" for nothing.
	note func(*api.Campaign) string
}

func (o *changeOptions) add(c *cobra.Command) *cobra.Command {
	o.output, o.manager = cli.NewDoneFlags(o.Factory), cli.FieldManager
	c.Use += " CAMPAIGN..."
	c.Args = cli.Args(1, -1, "the id of a campaign")
	c.ValidArgsFunction = o.Complete(-1, cli.CampaignIDs)
	c.RunE = func(c *cobra.Command, args []string) error {
		o.refs = args
		if err := o.output.Check(); err != nil {
			return err
		}
		return o.Run(c.Context())
	}
	o.dryRun.Add(c)
	o.output.AddFlags(c)
	c.Flags().StringVar(&o.manager, "field-manager", cli.FieldManager, "Name of the manager used to track field ownership.")
	return c
}

// Run changes the campaigns. One that fails does not keep the others from it.
func (o *changeOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	o.ShowTarget(client.Namespace())
	return cli.Each(ctx, o.refs,
		func(ctx context.Context, ref string) (*api.Campaign, error) { return o.change(ctx, client, ref) },
		func(c *api.Campaign) error {
			done := o.dryRun.Operation(o.done)
			if o.done == "stopped" && (c.State == api.CampaignSucceeded || c.State == api.CampaignFailed) {
				done = "had already " + strings.ToLower(string(c.State))
			}
			p, err := o.output.Printer(done)
			if err != nil {
				return err
			}
			if err := p.PrintObj(c, o.Out); err != nil {
				return err
			}
			if o.note != nil && o.dryRun.Value == api.DryRunNone && !o.output.Given() {
				if note := o.note(c); note != "" {
					o.Notef("%s", note)
				}
			}
			return nil
		})
}

// runsLeft describes how many runs have not ended.
func runsLeft(c *api.Campaign) string {
	return fmt.Sprintf("Running: %d, waiting: %d", c.Runs.Running+c.Runs.Saving+c.Runs.Pending, c.Runs.Queued)
}
