package run

import (
	"context"
	"fmt"
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
	api    api.WorkflowRerunOptions
	failed bool
	env    spec.Variables
	dryRun cli.DryRunFlag
	output *cli.DoneFlags
}

// NewRerun returns kubectl vast rerun.
func NewRerun(f *cli.Factory) *cobra.Command {
	o := &rerunOptions{Factory: f, output: cli.NewDoneFlags(f)}
	c := &cobra.Command{
		Use:   "rerun RUN [--failed | --from-start | --tasks TASK,...]",
		Short: "Run a workflow again from where it failed",
		Long: templates.LongDesc(`
			Make a new run of a workflow from one that has ended. It executes the tasks again that
			did not succeed, and all tasks that depend on one of them; --tasks adds others. The other
			tasks are kept: the new run has their ids, logs and results. Approvals are required again.

			The variables of the workflow's runtime_env are taken from the environment; one that is
			not set there keeps its value. Everything else is as it was submitted. The failed runs of
			a campaign are run again with "kubectl vast campaign rerun".`),
		Example: templates.Examples(`
			# Print what would be executed again, and why
			kubectl vast rerun @latest --dry-run=client

			# Run again what failed
			kubectl vast rerun x7k2m9qa

			# Run a task again that has succeeded, and what depends on it
			kubectl vast rerun x7k2m9qa --tasks train`),
		Args:              cli.Args(1, 1, "the id of a run"),
		ValidArgsFunction: f.Complete(1, ids),
		RunE: func(c *cobra.Command, args []string) error {
			if o.failed && (o.api.FromStart || len(o.api.Tasks) > 0) || o.api.FromStart && len(o.api.Tasks) > 0 {
				return cli.Usagef("--failed, --from-start and --tasks exclude each other")
			}
			if err := o.output.Check(); err != nil {
				return err
			}
			return o.Run(c.Context(), args[0])
		},
	}
	p := c.Flags()
	p.BoolVar(&o.failed, "failed", false, "Run the tasks that did not succeed, and those that depend on them. It is the default.")
	p.BoolVar(&o.api.FromStart, "from-start", false, "Run all tasks.")
	p.StringSliceVar(&o.api.Tasks, "tasks", nil, "Also run these tasks, and those that depend on them.")
	p.StringArrayVar(&o.env.Values, "env", nil, "Value of a variable of the workflow's runtime_env, as NAME=VALUE, or NAME for that of the environment. Can be repeated.")
	p.StringVar(&o.api.RequestID, "request-id", "", "Idempotency key: running again with the same id returns the existing run.")
	p.BoolVar(&o.api.LocalDriver, "local-driver", false, "If true, drive the run from here, for as long as this command runs.")
	p.StringVar(&o.api.AgentImage, "agent-image", "", "Image of the agent that drives the run, such as one of a mirror.")
	p.StringVar(&o.api.FieldManager, "field-manager", cli.FieldManager, "Name of the manager used to track field ownership.")
	_ = c.RegisterFlagCompletionFunc("tasks", func(c *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		return f.Complete(-1, func(ctx context.Context, client cli.Client) []string {
			if len(args) == 0 {
				return nil
			}
			return taskNames(ctx, client, args[0])
		})(c, nil, prefix)
	})
	o.dryRun.Add(c)
	o.output.AddFlags(c)
	return c
}

// Run makes the new run and prints it.
func (o *rerunOptions) Run(ctx context.Context, ref string) error {
	var err error
	if o.api.Envs, err = o.env.Read(ctx, o.Files().Read, os.LookupEnv); err != nil {
		return err
	}
	client, err := o.Client()
	if err != nil {
		return err
	}
	o.api.LookupEnv, o.api.DryRun = os.LookupEnv, o.dryRun.Value
	r, err := client.Workflows().Rerun(ctx, ref, o.api)
	if err != nil {
		return err
	}
	done := "submitted"
	if r.Unchanged {
		done = submission.Unchanged
	}
	p, err := o.output.Printer(o.dryRun.Operation(done))
	if err != nil {
		return err
	}
	if err := p.PrintObj(r, o.Out); err != nil {
		return err
	}
	if !o.output.Given() {
		for _, t := range r.Tasks {
			if _, err := fmt.Fprintf(o.Out, "  %s: %s\n", t.Name, t.Reason); err != nil {
				return err
			}
		}
	}
	if o.dryRun.Value != api.DryRunNone {
		return nil
	}
	if o.api.LocalDriver {
		return drive(ctx, o.Factory, client, r)
	}
	o.Notef("Run %s: follow it with: %s", r.ID, o.Hint().Vast("run", "watch", r.ID))
	return nil
}
