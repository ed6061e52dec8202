package run

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/table"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

// The phases and results of runs that have ended.
var (
	endPhases  = []string{"finished", "cancelled", "setuperror"}
	endResults = []string{"success", "failed", "stopped", "unknown"}
)

type historyOptions struct {
	listOptions
	api     api.WorkflowHistoryOptions
	rebuild bool
	dryRun  cli.DryRunFlag
}

func newHistory(f *cli.Factory) *cobra.Command {
	o := &historyOptions{listOptions: listOptions{Listing: cli.NewListing[api.WorkflowRun](f)}}
	c := &cobra.Command{
		Use:   "history",
		Short: "List runs that have ended, also those that have left the cluster",
		Long: templates.LongDesc(`
			List your runs in the namespace that have ended, newest first and page by page, from the
			store. A run is added when it ends. It stays after its objects have left the cluster,
			until "kubectl vast run delete" removes it; "run status", "run logs" and "rerun" take its
			id.

			The index of the runs can be made again from their records with --rebuild. That also adds
			ended runs in the cluster which are missing.`),
		Example: templates.Examples(`
			# List your newest runs
			kubectl vast run history

			# List the failed runs of a workflow by all users before a day
			kubectl vast run history --all-users --workflow=nightly --result=failed --before=2026-03-01T00:00:00Z

			# Make a damaged index again
			kubectl vast run history --rebuild`),
		Args: cli.Args(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := o.check(c); err != nil {
				return err
			}
			if o.rebuild {
				return o.makeAgain(c.Context())
			}
			return o.Run(c.Context())
		},
	}
	p := c.Flags()
	p.BoolVar(&o.query.AllUsers, "all-users", false, "List the runs of all users, not only yours.")
	p.StringVar(&o.api.User, "user", "", "List the runs of this user.")
	p.StringVar(&o.api.WorkflowName, "workflow", "", "List the runs of the workflow of this name.")
	p.StringVar(&o.api.Phase, "phase", "", "List the runs in this phase: "+text.Or(endPhases)+".")
	p.StringVar(&o.api.Result, "result", "", "List the runs with this result: "+text.Or(endResults)+".")
	p.StringVar(&o.api.Before, "before", "", "List the runs that are older: a time such as 2026-03-01T12:00:00Z, or the id of a run.")
	p.IntVar(&o.api.Limit, "limit", 50, "Number of runs.")
	p.BoolVar(&o.rebuild, "rebuild", false, "If true, make the index again from the records of all runs, and list nothing.")
	o.dryRun.Add(c)
	o.AddListingFlags(c, o.columns())
	for name, values := range map[string][]string{"phase": endPhases, "result": endResults} {
		_ = c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
	_ = c.RegisterFlagCompletionFunc("before", f.Complete(-1, ids))
	return c
}

func (o *historyOptions) check(c *cobra.Command) error {
	oneOf := func(flag, value string, values []string) error {
		if value != "" && !slices.Contains(values, value) {
			return cli.Usagef("--%s=%q: it is %s", flag, value, text.Or(values))
		}
		return nil
	}
	if err := oneOf("phase", o.api.Phase, endPhases); err != nil {
		return err
	}
	if err := oneOf("result", o.api.Result, endResults); err != nil {
		return err
	}
	if o.api.Limit < 1 {
		return cli.Usagef("--limit=%d: it is at least 1", o.api.Limit)
	}
	if o.query.AllUsers && o.api.User != "" {
		return cli.Usagef("--all-users and --user exclude each other")
	}
	if o.dryRun.Value != api.DryRunNone && !o.rebuild {
		return cli.Usagef("--dry-run is for --rebuild; nothing else changes something")
	}
	if o.rebuild {
		for _, flag := range []string{"all-users", "user", "workflow", "phase", "result", "before", "limit", "sort-by", "output"} {
			if c.Flags().Changed(flag) {
				return cli.Usagef("--rebuild and --%s exclude each other", flag)
			}
		}
	}
	return o.Complete()
}

// makeAgain makes the index again.
func (o *historyOptions) makeAgain(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	o.ShowTarget(client.Namespace())
	n, err := client.Workflows().RebuildHistory(ctx, o.dryRun.Value)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(o.Out, "history %s: %s\n", o.dryRun.Operation("rebuilt"), text.Count(n, "run"))
	return err
}

// Run lists.
func (o *historyOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	o.api.AllUsers = o.query.AllUsers
	list, err := client.Workflows().History(ctx, o.api)
	if err != nil {
		return err
	}
	all := o.columns()
	filtered := o.api.User+o.api.WorkflowName+o.api.Phase+o.api.Result+o.api.Before != ""
	err = o.Print(list, list.Items, all, func(items []api.WorkflowRun) *table.Table { return table.Of(all, items) }, func() {
		o.NothingFound("ended runs", client.Namespace(), false, o.query.AllUsers, filtered)
	})
	if err == nil && list.Continue != "" && o.Output.Human() {
		o.Notef("There are older runs: --before=%s lists them.", list.Continue)
	}
	return err
}
