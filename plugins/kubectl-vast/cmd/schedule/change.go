package schedule

import (
	"context"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

// options are those of a command that changes schedules.
type options struct {
	*cli.Factory
	change api.TaskStopOptions
	dryRun cli.DryRunFlag
	output *cli.DoneFlags
	done   string
	do     func(context.Context, cli.Client, string, api.TaskStopOptions) (*api.WorkflowSchedule, error)
	// note, if set, returns what the one line cannot contain.
	note func(*api.WorkflowSchedule) string
}

func (o *options) add(c *cobra.Command, manager bool) *cobra.Command {
	o.output = cli.NewDoneFlags(o.Factory)
	o.dryRun.Add(c)
	o.output.AddFlags(c)
	if manager {
		c.Flags().StringVar(&o.change.FieldManager, "field-manager", cli.FieldManager, "Name of the manager used to track field ownership.")
	}
	c.Args = cli.Args(1, -1, "the name of a workflow with a schedule")
	c.ValidArgsFunction = o.Complete(-1, names)
	c.RunE = func(c *cobra.Command, args []string) error { return o.Run(c.Context(), args) }
	return c
}

// Run changes the schedules that refs name, and prints each of them.
func (o *options) Run(ctx context.Context, refs []string) error {
	if err := o.output.Check(); err != nil {
		return err
	}
	client, err := o.Client()
	if err != nil {
		return err
	}
	o.change.DryRun = o.dryRun.Value
	return cli.Each(ctx, refs, func(ctx context.Context, ref string) (*api.WorkflowSchedule, error) {
		return o.do(ctx, client, ref, o.change)
	}, func(s *api.WorkflowSchedule) error {
		done := o.done
		if s.Unchanged {
			done = "was already " + done
		}
		p, err := o.output.Printer(o.dryRun.Operation(done))
		if err != nil {
			return err
		}
		if err := p.PrintObj(s, o.Out); err != nil {
			return err
		}
		if o.note != nil && o.dryRun.Value == api.DryRunNone && !o.output.Given() {
			o.Notef("%s", o.note(s))
		}
		return nil
	})
}

func newSuspend(f *cli.Factory) *cobra.Command {
	o := &options{Factory: f, done: "suspended", do: func(ctx context.Context, client cli.Client, ref string, c api.TaskStopOptions) (*api.WorkflowSchedule, error) {
		return client.Schedules().Suspend(ctx, ref, c)
	}}
	return o.add(&cobra.Command{
		Use:   "suspend NAME...",
		Short: "Suspend schedules: they submit no more runs",
		Long: templates.LongDesc(`
			Suspend schedules: no runs are submitted until they are resumed. Active runs continue.`),
		Example: templates.Examples(`
			# Suspend the schedule of workflow nightly
			kubectl vast schedule suspend nightly`),
	}, true)
}

func newResume(f *cli.Factory) *cobra.Command {
	o := &options{Factory: f, done: "resumed", do: func(ctx context.Context, client cli.Client, ref string, c api.TaskStopOptions) (*api.WorkflowSchedule, error) {
		return client.Schedules().Resume(ctx, ref, c)
	}}
	return o.add(&cobra.Command{
		Use:   "resume NAME...",
		Short: "Resume suspended schedules",
		Long: templates.LongDesc(`
			Resume suspended schedules. Of the times that were missed, Kubernetes makes up for at most
			one, if startingDeadlineSeconds have not passed since then.`),
		Example: templates.Examples(`
			# Resume the schedule of workflow nightly
			kubectl vast schedule resume nightly`),
	}, true)
}

func newTrigger(f *cli.Factory) *cobra.Command {
	o := &options{Factory: f, done: "triggered", do: func(ctx context.Context, client cli.Client, ref string, c api.TaskStopOptions) (*api.WorkflowSchedule, error) {
		return client.Schedules().Trigger(ctx, ref, c)
	}}
	o.note = func(s *api.WorkflowSchedule) string {
		return "Run " + s.Triggered + ": as soon as it is submitted, follow it with: " + f.Hint().Vast("run", "watch", s.Triggered)
	}
	return o.add(&cobra.Command{
		Use:   "trigger NAME...",
		Short: "Submit a run of a schedule now",
		Long: templates.LongDesc(`
			Submit a run of a schedule now, also of a suspended one. The concurrencyPolicy applies:
			with Forbid the run waits for the active ones, with Replace it stops them.`),
		Example: templates.Examples(`
			# Submit a run of workflow nightly
			kubectl vast schedule trigger nightly`),
	}, true)
}

func newDelete(f *cli.Factory) *cobra.Command {
	o := &options{Factory: f, done: "deleted", do: func(ctx context.Context, client cli.Client, ref string, c api.TaskStopOptions) (*api.WorkflowSchedule, error) {
		return client.Schedules().Delete(ctx, ref, c)
	}}
	return o.add(&cobra.Command{
		Use:     "delete NAME...",
		Aliases: []string{"rm"},
		Short:   "Delete schedules; their runs stay",
		Long: templates.LongDesc(`
			Delete schedules. Their runs stay, and active ones continue.`),
		Example: templates.Examples(`
			# Delete the schedule of workflow nightly
			kubectl vast schedule delete nightly`),
	}, false)
}
