package run

import (
	"context"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

func newStop(f *cli.Factory) *cobra.Command {
	manager := cli.FieldManager
	o := &changeFlags{Factory: f, output: cli.NewDoneFlags(f), done: "is being stopped", ended: "had already ended"}
	c := &cobra.Command{
		Use:     "stop RUN...",
		Aliases: []string{"cancel"},
		Short:   "Stop runs with their tasks",
		Long: templates.LongDesc(`
			Stop runs. Running tasks get their grace period, and tasks that have not started are
			skipped, except those that depend on a stopped task with the condition on_stopped; a
			second stop stops these, too. The command returns before the tasks have ended. Runs that
			have ended are not changed.`),
		Example: templates.Examples(`
			# Stop a run
			kubectl vast run stop x7k2m9qa`),
		RunE: func(c *cobra.Command, args []string) error {
			return o.each(c.Context(), args, func(ctx context.Context, client cli.Client, ref string) (*api.WorkflowRun, error) {
				return client.Workflows().Stop(ctx, ref, api.TaskStopOptions{DryRun: o.dryRun.Value, FieldManager: manager})
			})
		},
	}
	o.add(c)
	c.Flags().StringVar(&manager, "field-manager", manager, "Name of the manager used to track field ownership.")
	return c
}

func newDelete(f *cli.Factory) *cobra.Command {
	wait := false
	o := &changeFlags{Factory: f, output: cli.NewDoneFlags(f), done: "deleted"}
	c := &cobra.Command{
		Use:     "delete RUN...",
		Aliases: []string{"rm"},
		Short:   "Delete runs with their tasks",
		Long: templates.LongDesc(`
			Delete runs: the state, the driver, and all tasks with their pods. Running tasks are
			stopped. A run is removed from the history, too. Results and logs in the store stay until "kubectl vast gc" removes those that no
			other run refers to.`),
		Example: templates.Examples(`
			# Delete a run, and wait until all of it is gone
			kubectl vast run delete x7k2m9qa --wait`),
		RunE: func(c *cobra.Command, args []string) error {
			return o.each(c.Context(), args, func(ctx context.Context, client cli.Client, ref string) (*api.WorkflowRun, error) {
				return client.Workflows().Delete(ctx, ref, api.TaskDeleteOptions{DryRun: o.dryRun.Value, Wait: wait})
			})
		},
	}
	o.add(c)
	c.Flags().BoolVar(&wait, "wait", false, "Wait until the run and its tasks are gone.")
	return c
}

// NewReconcile returns kubectl vast reconcile.
func NewReconcile(f *cli.Factory) *cobra.Command {
	wait := false
	output := cli.NewDoneFlags(f)
	c := &cobra.Command{
		Use:   "reconcile [RUN...]",
		Short: "Continue runs of workflows whose driver is gone",
		Long: templates.LongDesc(`
			Do what is due in runs of workflows: start and stop tasks, and record how tasks have
			ended. It does nothing in a run that a driver works on. A driver that is gone is created
			again if the namespace is set up for it.

			Without an argument, all your unfinished runs are continued. It may be run at any time,
			by several users at once.`),
		Example: templates.Examples(`
			# Continue all your runs that have no driver
			kubectl vast reconcile

			# Drive a run from here until it has ended
			kubectl vast reconcile x7k2m9qa --wait`),
		Args:              cli.Args(0, -1, ""),
		ValidArgsFunction: f.Complete(-1, ids),
		RunE: func(c *cobra.Command, args []string) error {
			if err := output.Check(); err != nil {
				return err
			}
			client, err := f.Client()
			if err != nil {
				return err
			}
			if len(args) == 0 {
				if args, err = unfinished(c.Context(), client); err != nil {
					return err
				}
				if len(args) == 0 {
					f.Notef("No unfinished runs found in namespace %s.", client.Namespace())
				}
			}
			p, err := output.Printer("reconciled")
			if err != nil {
				return err
			}
			var last error
			err = cli.Each(c.Context(), args, func(ctx context.Context, ref string) (*api.WorkflowRun, error) {
				return client.Workflows().Reconcile(ctx, ref, wait)
			}, func(r *api.WorkflowRun) error {
				if err := code(r); wait && err != nil {
					last = err
				}
				return p.PrintObj(r, f.Out)
			})
			if err != nil {
				return err
			}
			return last
		},
	}
	c.Flags().BoolVar(&wait, "wait", false, "Drive the runs from here until they have ended, in place of a driver in the cluster.")
	output.AddFlags(c)
	return c
}

// unfinished returns the ids of the user's runs that have not ended and were submitted
// completely.
func unfinished(ctx context.Context, client cli.Client) ([]string, error) {
	list, err := client.Workflows().List(ctx, api.TaskListOptions{})
	if err != nil {
		return nil, err
	}
	var out []string
	for i := range list.Items {
		if r := &list.Items[i]; !r.Ended() && r.Phase != "submitting" {
			out = append(out, r.ID)
		}
	}
	return out, nil
}
