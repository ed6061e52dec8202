package task

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

const untilEnd = "end"

type waitOptions struct {
	*cli.Factory
	refs    []string
	until   string
	state   api.State
	timeout cli.Timeout
}

// NewWait returns kubectl vast wait.
func NewWait(f *cli.Factory) *cobra.Command {
	o := &waitOptions{Factory: f, until: untilEnd}
	c := &cobra.Command{
		Use:   "wait ID...",
		Short: "Wait until tasks have ended or reached a state",
		Long: templates.LongDesc(`
			Wait until tasks have ended or reached a state.

			The exit code is 0 if they did, 7 on a timeout, and 10, 11 or 12 if a task failed, was
			stopped or rejected its input instead.`),
		Example: templates.Examples(`
			# Wait until a task has ended, for an hour at most
			kubectl vast wait x7k2m9qa --timeout=1h

			# Wait until all nodes of a task run
			kubectl vast wait x7k2m9qa --for=running`),
		Args: cli.Args(1, -1, "the id of a task"),
		RunE: func(c *cobra.Command, args []string) error {
			o.refs = args
			if err := o.Complete(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
		ValidArgsFunction: f.Complete(-1, cli.TaskIDs(api.Queued, api.Pending, api.Running)),
	}
	c.Flags().StringVar(&o.until, "for", o.until, `What to wait for: "end" or a state.`)
	c.Flags().Var(&o.timeout, "timeout", "Time limit for all tasks together (0: none).")
	_ = c.RegisterFlagCompletionFunc("for",
		cobra.FixedCompletions(append([]string{untilEnd}, stateNames()...), cobra.ShellCompDirectiveNoFileComp))
	return c
}

// Complete reads the state.
func (o *waitOptions) Complete() error {
	if strings.EqualFold(o.until, untilEnd) {
		return nil
	}
	var err error
	if o.state, err = parseState(o.until); err != nil {
		return cli.Usagef(`--for: %v, or "end"`, err)
	}
	return nil
}

// Run waits. A task that fails does not keep the others from being waited for.
func (o *waitOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	began := time.Now()
	var failed []error
	for i, ref := range o.refs {
		left := time.Duration(o.timeout)
		if left > 0 && i > 0 {
			left = max(left-time.Since(began), time.Nanosecond)
		}
		if err := o.wait(ctx, client, ref, left); err != nil {
			failed = append(failed, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(failed...)
}

func (o *waitOptions) wait(ctx context.Context, client cli.Client, ref string, timeout time.Duration) error {
	var last *api.TaskStatus
	progress := o.Progress()
	t, err := client.Tasks().Wait(ctx, ref, api.WaitOptions{
		For:     o.state,
		Timeout: timeout,
		Notify: func(t *api.TaskStatus) {
			last = t
			progress(t)
		},
	})
	if ctx.Err() != nil && last != nil && !last.State.Ended() {
		printNextCommands(o.Factory, last.ID)
	}
	var failed *api.TaskFailedError
	if errors.As(err, &failed) {
		return endReport(ctx, o.Factory, client, ref, err)
	}
	if err != nil {
		return cli.OrCampaign(o.Factory, ref, err, "monitor", "ID", "--wait")
	}
	fmt.Fprintf(o.Out, "task.%s/%s %s\n", api.GroupVersion.Group, t.Name, strings.ToLower(string(t.State)))
	return nil
}
