package task

import (
	"context"
	"errors"
	"fmt"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

// follow shows the logs of a task that was just submitted, until it ends or
// the user leaves.
func (o *submitOptions) follow(ctx context.Context, t *api.TaskStatus) error {
	o.Notef("Task %s: following the logs; Ctrl-C detaches, and the task continues", t.ID)
	_, err := streamLogs(ctx, o.Factory, o.client, t.Name, t.NumNodes > 1, false, api.LogOptions{Follow: true})
	if ctx.Err() != nil {
		printNextCommands(o.Factory, t.ID)
		return context.Cause(ctx) // its outcome is unknown
	}
	return endReport(ctx, o.Factory, o.client, t.Name, err)
}

// printNextCommands prints the commands for a task that continues after the
// user has detached.
func printNextCommands(f *cli.Factory, id string) {
	f.Notef("\nDetached; task %s continues.\n  Follow it:  %s\n  Stop it:    %s", id,
		f.Hint().Vast("logs", id, "-f"), f.Hint().Vast("stop", id))
}

// waitAll waits for the end of all tasks, one after the other: the last one
// decides how long it takes anyway.
func (o *submitOptions) waitAll(ctx context.Context, tasks []*api.TaskStatus) error {
	var errs []error
	for _, t := range tasks {
		ended, err := o.client.Tasks().Wait(ctx, t.Name, api.WaitOptions{Notify: o.Progress()})
		if ctx.Err() != nil {
			o.Notef("\nInterrupted; the tasks go on. Wait for them with: %s", o.Hint().Vast("wait", t.ID))
			return err
		}
		var failed *api.TaskFailedError
		if errors.As(err, &failed) && failed.Task != nil {
			ended = failed.Task
		}
		if ended != nil && o.flags.Output.Given() {
			errs = append(errs, o.print(ended))
		}
		errs = append(errs, endReport(ctx, o.Factory, o.client, t.Name, err))
	}
	return errors.Join(errs...)
}

// streamLogs writes a task's logs to stdout, and what they wait for to stderr.
func streamLogs(ctx context.Context, f *cli.Factory, client cli.Client, ref string, prefix, timestamps bool, o api.LogOptions) (printed bool, err error) {
	w := cli.NewLogWriter(f.Out)
	w.Prefix, w.Timestamps = prefix, timestamps
	o.Notify = func(message string) { f.Notef("%s", message) }
	err = client.Tasks().Logs(ctx, ref, o, func(l api.LogLine) error {
		printed = true
		return w.Write(l)
	})
	closed, writeErr := w.Close()
	if !closed && f.IsTerminal(f.Out) && f.IsTerminal(f.ErrOut) {
		// What follows on stderr is to begin on a line of its own.
		fmt.Fprintln(f.ErrOut)
	}
	if writeErr != nil {
		return printed, writeErr
	}
	return printed, err
}

// endReport prints how a task ended and returns only the exit code. err is the
// error of Logs or Wait; other errors are passed on.
func endReport(ctx context.Context, f *cli.Factory, client cli.Client, ref string, err error) error {
	var failed *api.TaskFailedError
	switch {
	case errors.As(err, &failed) && failed.Task != nil:
		f.Notef("%s", f.EndReport(failed.Task))
		return &cli.ExitError{Code: cli.ExitCode(failed)}
	case err != nil:
		return err
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	t, err := client.Tasks().Get(ctx, ref)
	if err != nil {
		// That it succeeded is known; only how long it took is not.
		t = &api.TaskStatus{ID: ref, State: api.Succeeded}
	}
	f.Notef("%s", f.EndReport(t))
	return nil
}
