// Package run has the commands of kubectl vast for runs of workflows: the subcommands of
// run, reconcile, and the part of submit that is about workflows.
package run

import (
	"context"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

// New returns kubectl vast run.
func New(f *cli.Factory) *cobra.Command {
	c := cli.NewGroup("run", "Follow, stop and delete runs of workflows",
		newList(f), newStatus(f), newWatch(f), newLogs(f), newHistory(f), newStop(f), newDelete(f), newRedeliver(f))
	c.Long = templates.LongDesc(`
		Follow, stop and delete runs of workflows. A workflow is a file of tasks that depend on
		each other, and "kubectl vast submit" makes a run of it. A driver in the cluster starts
		the tasks; no client has to stay.

		A run is named by its id, the name of its workflow, a prefix of one of these, or @latest
		for your newest one.`)
	group := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		err := group(c, args)
		if len(args) > 0 {
			return cli.Usagef("%v; a file is submitted with: %s", err, f.Hint().Vast("submit", args[0]))
		}
		return err
	}
	return c
}

// ids completes the ids of the user's runs, newest first.
func ids(ctx context.Context, client cli.Client) []string {
	list, err := client.Workflows().List(ctx, api.TaskListOptions{})
	if err != nil {
		return nil
	}
	var out []string
	for i := len(list.Items) - 1; i >= 0; i-- {
		r := &list.Items[i]
		out = append(out, r.ID+"\t"+r.WorkflowName+" "+r.Phase)
	}
	return out
}

// code returns the error of a command that waited for a run: that of a task which ended in
// the same way.
func code(r *api.WorkflowRun) error {
	switch {
	case r.Phase == "setuperror":
		return &cli.ExitError{Code: cli.CodeUsage}
	case r.Result == "failed":
		return &cli.ExitError{Code: cli.CodeTaskFailed}
	case r.Result == "stopped" || r.Phase == "cancelled":
		return &cli.ExitError{Code: cli.CodeTaskStopped}
	}
	return nil
}

// changeFlags are those of a command that changes runs.
type changeFlags struct {
	*cli.Factory
	dryRun cli.DryRunFlag
	output *cli.DoneFlags
	done   string
	// ended, if set, is printed in place of done for a run that has ended.
	ended string
}

func (o *changeFlags) add(c *cobra.Command) {
	o.dryRun.Add(c)
	o.output.AddFlags(c)
	c.Args = cli.Args(1, -1, "the id of a run")
	c.ValidArgsFunction = o.Complete(-1, ids)
}

// each changes the runs that refs name, and prints each of them.
func (o *changeFlags) each(ctx context.Context, refs []string, do func(context.Context, cli.Client, string) (*api.WorkflowRun, error)) error {
	if err := o.output.Check(); err != nil {
		return err
	}
	client, err := o.Client()
	if err != nil {
		return err
	}
	return cli.Each(ctx, refs, func(ctx context.Context, ref string) (*api.WorkflowRun, error) { return do(ctx, client, ref) },
		func(r *api.WorkflowRun) error {
			done := o.done
			if o.ended != "" && r.Ended() {
				done = o.ended
			}
			p, err := o.output.Printer(o.dryRun.Operation(done))
			if err != nil {
				return err
			}
			return p.PrintObj(r, o.Out)
		})
}
