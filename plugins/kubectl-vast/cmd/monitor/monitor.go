// Package monitor has kubectl vast monitor, which also shows the progress of a campaign
// that was just submitted and the status of one campaign.
package monitor

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

// Interval is how long it takes until what is shown is brought up to date.
const Interval = 2 * time.Second

type Options struct {
	*cli.Factory
	Query    api.CampaignListOptions
	contexts []string
	Interval time.Duration
	Once     bool
	wait     bool
	follow   bool // one campaign that was just submitted
	Output   *cli.GetFlags
	Printer  printers.ResourcePrinter
}

// New returns kubectl vast monitor.
func New(f *cli.Factory) *cobra.Command {
	o := &Options{Factory: f, Interval: Interval, Output: cli.NewGetFlags(f)}
	c := &cobra.Command{
		Use:   "monitor [CAMPAIGN...]",
		Short: "Watch the progress of campaigns",
		Long: templates.LongDesc(`
			Watch the progress of campaigns: a line each with the runs that are done, succeeded,
			failed, running and queued, the rate and the estimated end; below it why runs failed,
			with an example of each cause and the command that prints its log, and why others wait.

			A campaign is named by its id or name, by a prefix of one, or by @latest. The default
			is your unfinished campaigns in the namespace, and those of the last day. Runs are
			counted from the record and the results of the campaign, including those whose Jobs
			have expired.

			The command exits when all of these campaigns have ended. On a terminal the lines are
			updated in place; otherwise a line is added for each change.`),
		Example: templates.Examples(`
			# Watch your campaigns until they have ended
			kubectl vast monitor

			# Print one campaign as JSON, and exit
			kubectl vast monitor growth_sim-2026-11-21-101500 --once -o json

			# Watch the campaigns of two clusters
			kubectl vast monitor -x gcp-c4 -x local

			# Wait until your newest campaign has ended: exit code 0, or 10 if runs failed
			kubectl vast monitor @latest --wait`),
		Args: cli.Args(0, -1, ""),
		RunE: func(c *cobra.Command, args []string) error {
			o.Query.Refs = args
			if err := o.Complete(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
		ValidArgsFunction: f.Complete(-1, cli.CampaignIDs),
	}
	p := c.Flags()
	p.BoolVar(&o.Once, "once", false, "Show the status once, and exit.")
	p.DurationVar(&o.Interval, "interval", o.Interval, "Time between two updates.")
	p.BoolVar(&o.wait, "wait", false, "Exit with the code of the campaigns: 10 if runs failed, 11 if one was stopped.")
	p.BoolVar(&o.Query.AllUsers, "all-users", false, "Show the campaigns of all users, not only yours.")
	p.StringSliceVarP(&o.contexts, "contexts", "x", nil, "Show the campaigns of these contexts. Can be repeated.")
	o.AddOutput(c)
	_ = c.RegisterFlagCompletionFunc("contexts", completeContexts(f))
	return c
}

// AddOutput binds the output flags that have a meaning here.
func (o *Options) AddOutput(c *cobra.Command) {
	o.Output.AddFlags(c)
	for _, name := range []string{"show-labels", "label-columns"} { // there are none to show
		if flag := c.Flags().Lookup(name); flag != nil {
			flag.Hidden = true
		}
	}
}

// Complete checks the flags.
func (o *Options) Complete() error {
	switch {
	case o.Once && o.wait:
		return cli.Usagef("--once does not wait: leave out --wait, or --once")
	case o.Interval <= 0:
		return cli.Usagef("--interval must be more than 0, such as 2s")
	case len(o.contexts) > 0 && o.GivenContext() != "":
		return cli.Usagef("give either --context or --contexts")
	}
	slices.Sort(o.contexts)
	o.contexts = slices.Compact(o.contexts)
	// People see it in wide only; programs always.
	o.Query.Progress = !o.Output.Human() || o.Output.Wide()
	var err error
	o.Printer, err = o.Output.Printer()
	return err
}

// Run shows the campaigns once, or until all have ended.
func (o *Options) Run(ctx context.Context) error {
	views, err := o.views()
	if err != nil {
		return err
	}
	if err := lookAll(ctx, views, o.Query, o.Once); err != nil {
		return err
	}
	if nothing(views) {
		o.reportNothing(views)
		if o.Output.Human() && unreachable(views) == nil {
			return nil
		}
	}
	show := o.display()
	watched := goingOn(views)
	for {
		if err := show(views); err != nil {
			return err
		}
		if o.Once {
			return unreachable(views)
		}
		if allEnded(views) {
			o.reportEnds(views, watched)
			return o.verdict(views)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(o.Interval):
		}
		if err := lookAll(ctx, views, o.Query, false); err != nil {
			return err
		}
	}
}

// reportNothing prints which campaigns do not exist.
func (o *Options) reportNothing(views []*view) {
	for _, v := range views {
		if v.err == nil && v.list != nil {
			o.Notef("No campaigns found in %s namespace%s.", v.client.Namespace(), v.suffix())
		}
	}
	if !o.Query.AllUsers {
		o.Notef("(These would be yours that have not ended, and those of the last day: add --all-users for everybody's, or name one.)")
	}
}

// verdict is the exit code of --wait.
func (o *Options) verdict(views []*view) error {
	if !o.wait {
		return nil
	}
	code := cli.CodeDone
	for _, v := range views {
		for i := range v.list.Items {
			code = max(code, campaignCode(v.list.Items[i].State))
		}
	}
	if code == cli.CodeDone {
		return nil
	}
	return &cli.ExitError{Code: code}
}

// campaignCode is the exit code of a campaign that has ended.
func campaignCode(s api.CampaignState) int {
	switch s {
	case api.CampaignFailed:
		return cli.CodeTaskFailed
	case api.CampaignStopped:
		return cli.CodeTaskStopped
	}
	return cli.CodeDone
}

// Follow shows a campaign until it has ended; the error has its exit
// code. Ctrl-C prints how to watch it again; the outcome is unknown then, and
// that is no success.
func Follow(ctx context.Context, f *cli.Factory, id string) error {
	o := &Options{Factory: f, Query: api.CampaignListOptions{Refs: []string{id}}, Interval: Interval, wait: true, follow: true, Output: cli.NewGetFlags(f)}
	if err := o.Complete(); err != nil {
		return err
	}
	err := o.Run(ctx)
	if ctx.Err() != nil {
		f.Notef("\nDetached; campaign %s continues.\n  Watch it:  %s\n  Stop it:   %s", id,
			f.Hint().Vast("monitor", id), f.Hint().Vast("campaign", "stop", id))
		return context.Cause(ctx)
	}
	return err
}
