package run

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

func newWatch(f *cli.Factory) *cobra.Command {
	output := ""
	c := &cobra.Command{
		Use:   "watch [RUN]",
		Short: "Follow a run until it has ended",
		Long: templates.LongDesc(`
			Follow a run, your newest one without an argument, until it has ended. The exit code is
			that of the run. With -o json each change is one line with the whole run.`),
		Example: templates.Examples(`
			# Follow your newest run
			kubectl vast run watch`),
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
			return follow(c.Context(), f, client, cli.ArgumentOr(args, "@latest"), output == "json")
		},
	}
	c.Flags().StringVarP(&output, "output", "o", "", "Output format: json prints each change as a line of JSON.")
	return c
}

// follow prints the changes of a run until it has ended.
func follow(ctx context.Context, f *cli.Factory, client cli.Client, ref string, asJSON bool) error {
	before := map[string]string{}
	for r, err := range client.Workflows().Watch(ctx, ref) {
		if err != nil {
			return err
		}
		if asJSON {
			if err := json.NewEncoder(f.Out).Encode(r); err != nil {
				return err
			}
		} else {
			changes(f, r, before)
		}
		if r.Ended() {
			return code(r)
		}
	}
	return context.Cause(ctx)
}

// changes prints one line for each task whose state has changed, and for the run.
func changes(f *cli.Factory, r *api.WorkflowRun, before map[string]string) {
	say := func(key, what string) {
		if before[key] != what {
			before[key] = what
			fmt.Fprintf(f.Out, "%s: %s\n", key, what)
		}
	}
	for i := range r.Tasks {
		t := &r.Tasks[i]
		if t.Status == "notstarted" && !t.Scheduled && !t.WaitingApproval {
			continue
		}
		what := shownStatus(t)
		if t.Attempt > 1 {
			what += fmt.Sprintf(" (attempt %d)", t.Attempt)
		}
		if t.Reason != "" {
			what += ": " + t.Reason
		}
		say(t.Name, what)
	}
	what := r.Phase
	if result := shownResult(r); result != "" {
		what += ", " + result
	}
	say("run "+r.ID, what)
}
