package run

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

func newWatch(f *cli.Factory) *cobra.Command {
	output, after := "", int64(0)
	c := &cobra.Command{
		Use:   "watch [RUN]",
		Short: "Follow a run until it has ended",
		Long: templates.LongDesc(`
			Follow a run, your newest one without an argument, until it has ended. The exit code is
			that of the run. On a terminal its tasks are drawn with their states; elsewhere, and with
			--after, each change is a line.

			With -o json each event is a line, a CloudEvent as webhooks receive it. Its sequence
			number increases by one; --after continues behind the last one.`),
		Example: templates.Examples(`
			# Follow your newest run
			kubectl vast run watch

			# Print the events of a run as JSON, those after number 17
			kubectl vast run watch x7k2m9qa -o json --after=17`),
		Args:              cli.Args(0, 1, ""),
		ValidArgsFunction: f.Complete(1, ids),
		RunE: func(c *cobra.Command, args []string) error {
			if output != "" && output != "json" {
				return cli.Usagef("--output must be json, or omitted")
			}
			client, err := f.Client()
			if err != nil {
				return err
			}
			ref := cli.ArgumentOr(args, "@latest")
			if output == "json" || c.Flags().Changed("after") {
				return lines(c.Context(), f, client, ref, after, output == "json")
			}
			return follow(c.Context(), f, client, ref)
		},
	}
	c.Flags().StringVarP(&output, "output", "o", "", "Output format: json prints each event as a line of JSON.")
	c.Flags().Int64Var(&after, "after", 0, "Sequence number of the last event that is not printed.")
	return c
}

// follow shows the changes of a run until it has ended: on a terminal as a drawing, elsewhere
// as lines.
func follow(ctx context.Context, f *cli.Factory, client cli.Client, ref string) error {
	if f.IsTerminal(f.Out) {
		return draw(ctx, f, client, ref)
	}
	return lines(ctx, f, client, ref, 0, false)
}

// lines prints the events of a run after a sequence number until it has ended.
func lines(ctx context.Context, f *cli.Factory, client cli.Client, ref string, after int64, asJSON bool) error {
	w := client.Workflows()
	r, err := w.Get(ctx, ref)
	if err != nil {
		return err
	}
	for e, err := range w.Events(ctx, r.ID, after) {
		if err != nil {
			return err
		}
		if asJSON {
			if err := json.NewEncoder(f.Out).Encode(e); err != nil {
				return err
			}
			continue
		}
		if n := int(e.Data.Missed); n > 0 {
			f.Notef("%s before number %d are no longer recorded.", text.Count(n, "event"), e.Data.Sequence)
		}
		if line := lineOf(&e.Data); line != "" {
			fmt.Fprintln(f.Out, line)
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if r, err = w.Get(ctx, r.ID); err != nil {
		return err
	}
	return code(r)
}

// lineOf returns an event as a line; empty for one that people need not see.
func lineOf(d *api.WorkflowEventData) string {
	if d.Task == "" {
		line := "run " + d.Run + ": " + d.Phase
		if d.Result != "unknown" {
			line += ", " + d.Result
		}
		return line
	}
	t := &api.WorkflowTask{Status: d.Status, Scheduled: d.Scheduled, WaitingApproval: d.WaitingApproval}
	what := shownStatus(t)
	switch {
	case what != "-":
	case d.Attempt > 1:
		what = "retried"
	case d.Approved:
		what = "approved"
	default:
		return ""
	}
	if d.Attempt > 1 {
		what += fmt.Sprintf(" (attempt %d)", d.Attempt)
	}
	switch {
	case d.TimedOut:
		what += ": ran longer than its timeout"
	case d.WaitingApproval && d.Status == "notstarted":
		what += ": waits for approval"
	case d.Cause != "" && d.Status == "failed":
		what += ": " + d.Cause
	case d.Cause != "":
		what += ": the attempt before failed: " + d.Cause
	}
	return d.Task + ": " + what
}
