package run

import (
	"context"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/submission"
	"github.com/kubevast/vast/sdk/api"
)

// NewApprove returns kubectl vast approve.
func NewApprove(f *cli.Factory) *cobra.Command {
	return newDecision(f, false, &cobra.Command{
		Use:   "approve RUN TASK",
		Short: "Approve a task of a run that waits for approval",
		Long: templates.LongDesc(`
			Approve a task of a run that waits for approval. The task starts when as many different
			users have approved as its file requires. The name that counts is the one that the API
			server has for you ("kubectl auth whoami"); approving twice counts once.

			An approval is refused for a task that does not wait yet, or if the file does not list
			you.`),
		Example: templates.Examples(`
			# Approve a task
			kubectl vast approve x7k2m9qa share --reason="figures are checked"`),
	})
}

// NewReject returns kubectl vast reject.
func NewReject(f *cli.Factory) *cobra.Command {
	return newDecision(f, true, &cobra.Command{
		Use:   "reject RUN TASK",
		Short: "Reject a task of a run that waits for approval",
		Long: templates.LongDesc(`
			Reject a task of a run that waits for approval. One rejection by a user who may approve
			is enough: the task has failed with the cause Rejected and never starts.`),
		Example: templates.Examples(`
			# Reject a task
			kubectl vast reject x7k2m9qa share --reason="the data is incomplete"`),
	})
}

func newDecision(f *cli.Factory, reject bool, c *cobra.Command) *cobra.Command {
	o := api.WorkflowDecisionOptions{Reject: reject, FieldManager: cli.FieldManager}
	output := cli.NewDoneFlags(f)
	var dryRun cli.DryRunFlag
	c.Args = cli.Args(2, 2, "the id of a run and the name of a task")
	c.ValidArgsFunction = func(c *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		return f.Complete(2, func(ctx context.Context, client cli.Client) []string { return waiting(ctx, client, args) })(c, args, prefix)
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := output.Check(); err != nil {
			return err
		}
		client, err := f.Client()
		if err != nil {
			return err
		}
		o.DryRun = dryRun.Value
		a, err := client.Workflows().Decide(c.Context(), args[0], args[1], o)
		if err != nil {
			return err
		}
		done := "approved"
		switch {
		case a.Unchanged:
			done = submission.Unchanged
		case reject:
			done = "rejected"
		}
		p, err := output.Printer(dryRun.Operation(done))
		if err != nil {
			return err
		}
		if err := p.PrintObj(a, f.Out); err != nil {
			return err
		}
		if !reject && a.Missing > 0 && !output.Given() {
			f.Notef("Task %s waits for %s.", a.Task, text.Count(a.Missing, "other approval"))
		}
		return nil
	}
	c.Flags().StringVar(&o.Reason, "reason", "", "Reason that is recorded with the decision.")
	c.Flags().StringVar(&o.FieldManager, "field-manager", o.FieldManager, "Name of the manager used to track field ownership.")
	dryRun.Add(c)
	output.AddFlags(c)
	return c
}

// waiting completes the runs with tasks that wait for approval, or these tasks of a run.
func waiting(ctx context.Context, client cli.Client, args []string) []string {
	list, err := client.Workflows().Approvals(ctx, api.TaskListOptions{})
	if err != nil {
		return nil
	}
	var out []string
	seen := map[string]bool{}
	for i := range list.Items {
		switch a := &list.Items[i]; {
		case len(args) > 0 && a.RunID == args[0]:
			out = append(out, a.Task)
		case len(args) == 0 && !seen[a.RunID]:
			seen[a.RunID] = true
			out = append(out, a.RunID+"\t"+a.WorkflowName)
		}
	}
	return out
}
