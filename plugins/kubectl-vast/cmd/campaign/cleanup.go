package campaign

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

type cleanupOptions struct {
	*cli.Factory
	api    api.CampaignCleanupOptions
	all    bool
	yes    bool
	dryRun cli.DryRunFlag
	output *cli.DoneFlags
}

func newCleanup(f *cli.Factory) *cobra.Command {
	o := &cleanupOptions{Factory: f, output: cli.NewDoneFlags(f)}
	c := &cobra.Command{
		Use:   "cleanup (CAMPAIGN... | --all)",
		Short: "Remove the Jobs of finished campaigns",
		Long: templates.LongDesc(`
			Remove the Jobs of finished campaigns, with their pods: of the named ones, or with
			--all of all of yours, after a confirmation. Results, logs and the records of the
			runs are kept, unless --data removes them too.

			A campaign with unfinished runs is skipped, unless it is named and --force is given.`),
		Example: templates.Examples(`
			# Remove the Jobs of a campaign that has ended
			kubectl vast campaign cleanup sweep-2026-06-17-101500

			# Remove the Jobs of all your campaigns that have ended
			kubectl vast campaign cleanup --all

			# Remove everything of one campaign
			kubectl vast campaign cleanup sweep-2026-06-17-101500 --data`),
		Args:              cli.Args(0, -1, ""),
		ValidArgsFunction: f.Complete(-1, cli.CampaignIDs),
		RunE: func(c *cobra.Command, args []string) error {
			named := len(args) > 0 || c.Flags().Changed("campaign")
			if c.Flags().Changed("campaign") {
				f.Warn("--campaign is deprecated: name the campaigns without it")
			}
			o.api.Campaigns = append(args, o.api.Campaigns...)
			switch {
			case named && len(o.api.Campaigns) == 0:
				return cli.Usagef("--campaign names no campaign; give --all to mean all of yours that have ended")
			case named && o.all:
				return cli.Usagef("name campaigns or give --all, not both")
			case o.api.Force && !named:
				return cli.Usagef("--force ends what runs: name the campaigns that it is for")
			}
			if err := o.output.Check(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
	}
	p := c.Flags()
	p.BoolVar(&o.all, "all", false, "All your finished campaigns in the namespace; the default without a name.")
	p.StringSliceVar(&o.api.Campaigns, "campaign", nil, "A campaign.")
	_ = p.MarkHidden("campaign") // what names were given by before they were arguments
	p.BoolVar(&o.api.Data, "data", false, "Also remove the results, the logs, the record, the outcomes of the runs, and inputs that no other campaign uses.")
	p.BoolVar(&o.api.Force, "force", false, "Stop queued and running runs instead of refusing.")
	p.BoolVarP(&o.yes, "yes", "y", false, "Do not ask for confirmation of --all and --data.")
	o.dryRun.Add(c)
	o.output.AddFlags(c)
	return c
}

// Run removes what is meant; what would be lost is shown first.
func (o *cleanupOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	o.ShowTarget(client.Namespace())
	if (o.api.Data || len(o.api.Campaigns) == 0) && !o.yes && o.dryRun.Value == api.DryRunNone {
		look := o.api
		look.DryRun = api.DryRunClient
		plan, err := client.Campaigns().Cleanup(ctx, look)
		if err != nil {
			return err
		}
		if len(plan.Campaigns) == 0 {
			return o.report(plan)
		}
		goOn, err := o.Confirm(ctx, o.question(plan))
		if err != nil || !goOn {
			return err
		}
		// What has ended since was not asked about.
		o.api.Campaigns = plan.Campaigns
	}
	o.api.DryRun = o.dryRun.Value
	done, err := client.Campaigns().Cleanup(ctx, o.api)
	if err != nil {
		return err
	}
	return o.report(done)
}

// question is the prompt about what is going to be removed.
func (o *cleanupOptions) question(plan *api.CampaignCleanup) string {
	these, what := text.Count(len(plan.Campaigns), "campaign"), cli.AFew(plan.Campaigns)
	if o.api.Data {
		return fmt.Sprintf("Remove %s with all results: %s (%s, %s)?", these, what, text.Count(plan.Objects, "object"), cli.Bytes(plan.Bytes))
	}
	return fmt.Sprintf("Remove the Jobs of %s that ended: %s (%s; results and logs stay)?", these, what, text.Count(plan.Jobs, "Job"))
}

func (o *cleanupOptions) report(done *api.CampaignCleanup) error {
	if *o.output.OutputFormat == "name" {
		for _, id := range done.Campaigns {
			fmt.Fprintf(o.Out, "campaign.kubevast.io/%s\n", id)
		}
		return nil
	}
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
		o.Notef("%s, %s with %s.", text.Count(done.Jobs, "Job"), text.Count(done.Objects, "object"), cli.Bytes(done.Bytes))
	default:
		o.Notef("%s. Results and logs stay; see: %s", text.Count(done.Jobs, "Job"), o.Hint().Vast("results", "list"))
	}
	return nil
}
