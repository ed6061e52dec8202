package campaign

import (
	"context"
	"os"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/submission"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

type rerunOptions struct {
	*cli.Factory
	ref            string
	failed, follow bool
	secret         spec.Variables
	api            api.CampaignRerunOptions
	dryRun         cli.DryRunFlag
	output         *cli.DoneFlags
}

func newRerun(f *cli.Factory) *cobra.Command {
	o := &rerunOptions{Factory: f, output: cli.NewDoneFlags(f)}
	c := &cobra.Command{
		Use:   "rerun CAMPAIGN --failed",
		Short: "Run the failed runs of a campaign again",
		Long: templates.LongDesc(`
			Run the failed runs of a campaign again, as a new campaign. The old one is not
			changed. The file and the options are taken from the store, the values of secrets
			from the Secret of the old campaign; if that was deleted, give them again.`),
		Example: templates.Examples(`
			# Run the failed runs again
			kubectl vast campaign rerun @latest --failed

			# Include stopped and missing runs, and follow the new campaign
			kubectl vast campaign rerun @latest --failed --stopped --follow`),
		Args:              cli.Args(1, 1, "the id of a campaign"),
		ValidArgsFunction: f.Complete(1, cli.CampaignIDs),
		RunE: func(c *cobra.Command, args []string) error {
			o.ref = args[0]
			switch {
			case !o.failed:
				return cli.Usagef("say which runs: --failed")
			case o.follow && o.dryRun.Value != api.DryRunNone:
				return cli.Usagef("--follow and --dry-run exclude each other")
			case o.dryRun.Value == api.DryRunClient:
				return cli.Usagef("--dry-run=client is not possible: which runs have failed is known in the cluster only; use --dry-run=server")
			}
			if err := o.output.Check(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
	}
	p := c.Flags()
	p.BoolVar(&o.failed, "failed", false, "Run the failed runs.")
	p.BoolVar(&o.api.Stopped, "stopped", false, "Also run those that were stopped or whose outcome is unknown.")
	p.BoolVarP(&o.follow, "follow", "f", false, "Show the progress of the new campaign until it ends, and exit with its exit code.")
	p.StringVar(&o.api.Name, "name", "", "Name of the new campaign, instead of the old one's.")
	p.StringVar(&o.api.Queue, "queue", "", "Kueue LocalQueue to join, instead of the old one's.")
	p.StringVar(&o.api.Priority, "priority", "", "Priority in the queue, instead of the old one's.")
	p.BoolVar(&o.api.Force, "force", false, "Queue the campaign even if it exceeds the quota or fits on no node.")
	p.StringVar(&o.api.AgentImage, "agent-image", "", "Image of the agent, such as one of a mirror. It is not taken from the old campaign.")
	p.StringVar(&o.api.FieldManager, "field-manager", cli.FieldManager, "Name of the manager used to track field ownership.")
	submission.AddSecrets(p, &o.secret)
	_ = c.RegisterFlagCompletionFunc("queue", f.Complete(-1, cli.QueueNames))
	o.dryRun.Add(c)
	o.output.AddFlags(c)
	return c
}

// Run makes the new campaign.
func (o *rerunOptions) Run(ctx context.Context) error {
	if err := cli.StdinOnce(o.secret.Files...); err != nil {
		return err
	}
	var err error
	if o.api.Secrets, err = o.secret.Read(ctx, o.Files().Read, os.LookupEnv); err != nil {
		return err
	}
	client, err := o.Client()
	if err != nil {
		return err
	}
	o.ShowTarget(client.Namespace())
	progress := &submitProgress{Factory: o.Factory}
	o.api.Notify, o.api.DryRun, o.api.Version = progress.notify, o.dryRun.Value, cli.Version().GitVersion
	made, err := client.Campaigns().Rerun(ctx, o.ref, o.api)
	progress.end()
	if err != nil {
		return err
	}
	return submitted(ctx, o.Factory, o.output, made, o.dryRun.Value, o.follow)
}
