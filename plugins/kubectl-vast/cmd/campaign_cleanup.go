package cmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

type campaignCleanup struct {
	*cli.Factory
	api    api.CampaignCleanupOptions
	yes    bool
	dryRun cli.DryRunFlag
	output *cli.DoneFlags
}

func newCampaignCleanup(f *cli.Factory) *cobra.Command {
	o := &campaignCleanup{Factory: f, output: cli.NewDoneFlags()}
	c := &cobra.Command{
		Use:   "cleanup",
		Short: "Remove the Jobs of campaigns that have ended",
		Long: templates.LongDesc(`
			Remove the Jobs of your campaigns that have ended, with their pods. Results, logs
			and what is known of the runs stay, unless --data removes them too.

			A campaign whose runs go on is left alone, unless it is named and --force given.`),
		Example: templates.Examples(`
			# Remove the Jobs of all your campaigns that have ended
			kubectl vast campaign cleanup

			# Remove all that there is of one campaign
			kubectl vast campaign cleanup --campaign=sweep-2026-06-17-101500 --data`),
		Args: cli.Args(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			if c.Flags().Changed("campaign") && len(o.api.Campaigns) == 0 {
				return cli.Usagef("--campaign names no campaign; leave it out to mean all of yours that have ended")
			}
			if o.api.Force && len(o.api.Campaigns) == 0 {
				return cli.Usagef("--force needs --campaign: it ends what runs")
			}
			if err := o.output.Check(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
	}
	p := c.Flags()
	p.StringSliceVar(&o.api.Campaigns, "campaign", nil, "Only this campaign. Can be given several times.")
	p.BoolVar(&o.api.Data, "data", false, "Remove also the results, the logs and the record.")
	p.BoolVar(&o.api.Force, "force", false, "End the runs that wait or run, instead of refusing.")
	p.BoolVarP(&o.yes, "yes", "y", false, "Do not ask before --data.")
	_ = c.RegisterFlagCompletionFunc("campaign", f.Complete(-1, campaignIDs))
	o.dryRun.Add(c)
	o.output.AddFlags(c)
	return c
}

// Run removes what is meant; what would be lost is shown first.
func (o *campaignCleanup) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	o.ShowTarget(client.Namespace())
	if o.api.Data && !o.yes && o.dryRun.Value == api.DryRunNone {
		look := o.api
		look.DryRun = api.DryRunClient
		plan, err := client.Campaign().Cleanup(ctx, look)
		if err != nil {
			return err
		}
		if len(plan.Campaigns) == 0 {
			return o.report(plan)
		}
		goOn, err := o.Confirm(ctx, fmt.Sprintf("Remove %s with all results: %s (%s, %s)?",
			count(len(plan.Campaigns), "campaign"), strings.Join(plan.Campaigns, ", "), count(plan.Objects, "object"), cli.Bytes(plan.Bytes)))
		if err != nil || !goOn {
			return err
		}
		// What has ended since was not asked about.
		o.api.Campaigns = plan.Campaigns
	}
	o.api.DryRun = o.dryRun.Value
	done, err := client.Campaign().Cleanup(ctx, o.api)
	if err != nil {
		return err
	}
	return o.report(done)
}

func (o *campaignCleanup) report(done *api.CampaignCleanup) error {
	if o.output.Given() {
		p, err := o.output.Printer("")
		if err != nil {
			return err
		}
		return p.PrintObj(done, o.Out)
	}
	for _, id := range done.Campaigns {
		fmt.Fprintf(o.Out, "campaign.kubevast.io/%s %s\n", id, o.dryRun.Operation("cleaned up"))
	}
	switch {
	case len(done.Campaigns) == 0:
		o.Notef("There is nothing to remove.")
	case o.api.Data:
		o.Notef("%s, %s with %s.", count(done.Jobs, "Job"), count(done.Objects, "object"), cli.Bytes(done.Bytes))
	default:
		o.Notef("%s. Results and logs stay; see: %s", count(done.Jobs, "Job"), o.Hint().Vast("results", "list"))
	}
	return nil
}
