package run

import (
	"context"
	"errors"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/submission"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// Submit submits a workflow whose file was read. It follows the run unless flags say
// otherwise, and drives it from here with o.LocalDriver. With o.Record a workflow that fails its
// checks is kept as a run.
func Submit(ctx context.Context, f *cli.Factory, flags *submission.Flags, o api.SubmitOptions, path string, data []byte) error {
	local := o.LocalDriver
	if flags.Detach && (flags.Wait || local) {
		return cli.Usagef("--detach excludes --wait and --local-driver")
	}
	if err := flags.Output.Check(); err != nil {
		return err
	}
	inputs, err := flags.ReadInputs(ctx, f)
	if err != nil {
		return err
	}
	inputs.Context = f.GivenContext()
	inputs.Read = func(path string, limit int) ([]byte, error) { return f.Files().Read(ctx, path, limit) }
	w, errRead := spec.ParseWorkflow(path, data, inputs)
	if w != nil {
		if err := f.UseContextOf(w.Claims, o.DryRun); err != nil {
			return errors.Join(err, errRead)
		}
	}
	if errRead != nil && (!o.Record || o.DryRun == api.DryRunClient) {
		return errRead
	}
	if o.DryRun == api.DryRunClient {
		return render(f, flags, o, w)
	}
	client, err := f.Client()
	if err != nil {
		return errors.Join(errRead, err)
	}
	f.ShowTarget(client.Namespace())
	if errRead != nil {
		r, err := client.Workflows().Record(ctx, data, errRead, o)
		if err != nil {
			return errors.Join(errRead, err)
		}
		return recorded(f, flags, r, errRead)
	}
	if notify, done := f.Transfer("Uploading"); true {
		defer done()
		o.Notify = notify
	}
	if w.Schedule != nil {
		return schedule(ctx, f, flags, o, client, w)
	}
	r, err := client.Workflows().Submit(ctx, w, o)
	if err != nil {
		return recorded(f, flags, r, err)
	}
	said := "submitted"
	if r.Unchanged {
		said = submission.Unchanged
	}
	p, err := flags.Output.Printer(flags.DryRun.Operation(said))
	if err != nil {
		return err
	}
	if err := p.PrintObj(r, f.Out); err != nil || o.DryRun != api.DryRunNone {
		return err
	}
	switch {
	case local:
		return drive(ctx, f, client, r)
	case flags.Detach || flags.Output.Given() && !flags.Wait:
		if !flags.Output.Given() {
			f.Notef("Run %s: follow it with: %s", r.ID, f.Hint().Vast("run", "watch", r.ID))
		}
		return nil
	}
	f.Notef("Run %s: Ctrl-C leaves it, and the run continues", r.ID)
	err = follow(ctx, f, client, r.ID)
	if ctx.Err() != nil {
		f.Notef("\nDetached; run %s continues.\n  Follow it:  %s\n  Stop it:    %s", r.ID, f.Hint().Vast("run", "watch", r.ID), f.Hint().Vast("run", "stop", r.ID))
	}
	return err
}

// schedule creates or replaces the schedule of a workflow.
func schedule(ctx context.Context, f *cli.Factory, flags *submission.Flags, o api.SubmitOptions, client cli.Client, w *spec.Workflow) error {
	if flags.Wait {
		return cli.Usagef("--wait is for a run; the schedule of a workflow submits runs later")
	}
	s, err := client.Schedules().Apply(ctx, w, o)
	if err != nil {
		return err
	}
	p, err := flags.Output.Printer(flags.DryRun.Operation("scheduled"))
	if err != nil {
		return err
	}
	if err := p.PrintObj(s, f.Out); err != nil || o.DryRun != api.DryRunNone || flags.Output.Given() {
		return err
	}
	f.Notef("Schedule %s: %s; submit a run now with: %s", s.WorkflowName, s.Schedule, f.Hint().Vast("schedule", "trigger", s.WorkflowName))
	return nil
}

// drive drives a run from here until it has ended, and prints its changes.
func drive(ctx context.Context, f *cli.Factory, client cli.Client, r *api.WorkflowRun) error {
	f.Notef("Run %s is driven from here: this command has to stay. If it ends, continue the run with: %s", r.ID, f.Hint().Vast("reconcile", r.ID, "--wait"))
	driving, stop := context.WithCancel(ctx)
	defer stop()
	drove := make(chan error, 1)
	go func() {
		_, err := client.Workflows().Reconcile(driving, r.ID, true)
		drove <- err
		if err != nil {
			stop()
		}
	}()
	err := follow(driving, f, client, r.ID)
	stop()
	if errDrive := <-drove; errDrive != nil && ctx.Err() == nil && !errors.Is(errDrive, context.Canceled) {
		return errDrive
	}
	if ctx.Err() != nil {
		f.Notef("\nInterrupted; tasks that run continue, and no other one starts. Continue the run with: %s", f.Hint().Vast("reconcile", r.ID, "--wait"))
		return context.Cause(ctx)
	}
	return err
}

// recorded prints the run of a workflow that failed its checks, if there is one, and returns the
// error.
func recorded(f *cli.Factory, flags *submission.Flags, r *api.WorkflowRun, err error) error {
	if r == nil {
		return err
	}
	p, errPrint := flags.Output.Printer(flags.DryRun.Operation("recorded as " + r.Phase))
	if errPrint == nil {
		errPrint = p.PrintObj(r, f.Out)
	}
	return errors.Join(err, errPrint)
}
