package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

func newResults(f *cli.Factory) *cobra.Command {
	c := cli.NewGroup("results", "See and fetch what tasks and campaigns left behind",
		newResultsList(f), newResultsShow(f), newResultsDownload(f), newResultsDelete(f))
	c.Aliases = []string{"result"}
	c.AddCommand(resultsElsewhere(f)...)
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

// resultFlags choose results; every command on them has these.
type resultFlags struct {
	api.ResultOptions
}

func (o *resultFlags) add(c *cobra.Command, failed bool) {
	p := c.Flags()
	p.StringSliceVar(&o.Configs, "config", nil, "Of a campaign, only configurations whose names fit this pattern (*, ?, [ab]). Can be given several times.")
	p.IntSliceVar(&o.Runs, "run", nil, "Of a campaign, only runs of this number, counted from 0. Can be given several times.")
	if failed {
		p.BoolVar(&o.Failed, "failed", false, "Only those that failed, were stopped, or were broken off.")
	}
}

// completeResults completes the names of what is kept.
func completeResults(ctx context.Context, client cli.Client) []string {
	list, err := client.Results().List(ctx, api.ResultOptions{})
	if err != nil {
		return nil
	}
	var names []string
	last := ""
	for i := range list.Items {
		r := &list.Items[i]
		name, about := r.Campaign, r.Reason
		if name == "" {
			name, about = r.TaskID, r.TaskName+" "+string(resultState(r))
		}
		if name != last {
			names = append(names, name+"\t"+about)
		}
		last = name
	}
	return names
}

// resultState is how a result stands, in one word.
func resultState(r *api.Result) api.State {
	if r.State == "" || !r.Complete && r.State.Ended() && r.State != api.Stopped {
		return api.Incomplete
	}
	return r.State
}

// resultReason is why a result is not as one would wish, or how many runs a
// campaign has.
func resultReason(r *api.Result) string {
	if r.Reason == "" && r.Cause != "" {
		return causeWords(r.Cause)
	}
	return cli.Words(r.Reason)
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
	f.Warn(fmt.Sprintf("%d %s not complete: %s", len(names), noun, aFew(names)))
}
