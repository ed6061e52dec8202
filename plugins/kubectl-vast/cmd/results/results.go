// Package results has the subcommands of kubectl vast results.
package results

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/term"
	"github.com/kubevast/vast/sdk/api"
)

// New returns kubectl vast results.
func New(f *cli.Factory) *cobra.Command {
	c := cli.NewGroup("results", "See and fetch what tasks and campaigns left behind",
		newList(f), newShow(f), newDownload(f), newDelete(f))
	c.Aliases = []string{"result"}
	c.AddCommand(elsewhere(f)...)
	c.Long = templates.LongDesc(`
		See and fetch what tasks and campaigns left behind: the files below $OUTPUT_DIR,
		the logs, and how each ended. They are in the store, and stay there when the Jobs
		and pods are gone.

		A result is named by the id of its task, with /NODE behind it for one node, or by
		CAMPAIGN, CAMPAIGN/CONFIG or CAMPAIGN/CONFIG/RUN. The beginning of an id is
		enough, what -o name prints is taken, too, and @latest is your newest task or
		campaign. One that is not complete lacks its manifest: the task still runs, or
		its pod ended before all was saved.`)
	return c
}

// addSelector binds the flags that select parts of a campaign's results; all commands
// on results have them.
func addSelector(c *cobra.Command, o *api.ResultSelector) {
	p := c.Flags()
	p.StringSliceVar(&o.Configs, "config", nil, "Of a campaign, only configurations whose names fit this pattern (*, ?, [ab]). Can be given several times.")
	p.IntSliceVar(&o.Runs, "run", nil, "Of a campaign, only runs of this number, counted from 0. Can be given several times.")
	p.BoolVar(&o.Failed, "failed", false, "Only those that failed, were stopped, or were broken off.")
}

// completeNames completes the names of what is kept.
func completeNames(ctx context.Context, client cli.Client) []string {
	list, err := client.Results().List(ctx, api.ResultListOptions{})
	if err != nil {
		return nil
	}
	var names []string
	last := ""
	for i := range list.Items {
		r := &list.Items[i]
		name, about := r.Campaign, r.Reason
		if name == "" {
			name, about = r.TaskID, r.TaskName+" "+string(state(r))
		}
		if name != last {
			names = append(names, name+"\t"+about)
		}
		last = name
	}
	return names
}

// state is how a result stands, in one word.
func state(r *api.Result) api.State {
	if r.State == "" || !r.Complete && r.State.Ended() && r.State != api.Stopped {
		return api.Incomplete
	}
	return r.State
}

// reason is why a result is not as one would wish, or how many runs a
// campaign has.
func reason(r *api.Result) string {
	if r.Reason == "" && r.Cause != "" {
		return cli.CauseWords(r.Cause)
	}
	return term.Words(r.Reason)
}

// incompleteNote tells which results are not complete, and what that means.
func incompleteNote(f *cli.Factory, names []string) {
	if len(names) == 0 {
		return
	}
	noun := "results are"
	if len(names) == 1 {
		noun = "result is"
	}
	f.Warn(fmt.Sprintf("%d %s not complete: %s", len(names), noun, cli.AFew(names)))
}
