// Package results has the subcommands of kubectl vast results.
package results

import (
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/term"
	"github.com/kubevast/vast/sdk/api"
)

// New returns kubectl vast results.
func New(f *cli.Factory) *cobra.Command {
	c := cli.NewGroup("results", "Show and fetch results of tasks and campaigns",
		newList(f), newShow(f), newDownload(f), newDelete(f))
	c.Aliases = []string{"result"}
	c.AddCommand(elsewhere(f)...)
	c.Long = templates.LongDesc(`
		Show and download results of tasks and campaigns: the files below $OUTPUT_DIR, the
		logs, and the outcome. They are in the store, and are kept when the Jobs and pods are
		deleted.

		A result is named by the id of its task, as ID/NODE for one node, or by CAMPAIGN,
		CAMPAIGN/CONFIG or CAMPAIGN/CONFIG/RUN. A prefix of an id, the output of -o name, and
		@latest for your newest task or campaign are accepted, too. A result is incomplete
		while the task runs, or if the pod terminated before all files were uploaded.`)
	return c
}

// addSelector binds the flags that select parts of a campaign's results; all commands
// on results have them.
func addSelector(c *cobra.Command, o *api.ResultSelector) {
	p := c.Flags()
	p.StringSliceVar(&o.Configs, "config", nil, "Of a campaign, only configurations whose name matches this glob (*, ?, [ab]). Can be repeated.")
	p.IntSliceVar(&o.Runs, "run", nil, "Of a campaign, only runs with this number, from 0. Can be repeated.")
	p.BoolVar(&o.Failed, "failed", false, "Only results that failed, were stopped, or are incomplete.")
}

// reason is why a result is not normal, or how many runs a
// campaign has.
func reason(r *api.Result) string {
	if r.Reason == "" && r.Cause != "" {
		return cli.CauseWords(r.Cause)
	}
	return term.Words(r.Reason)
}

// incompleteNote prints which results are incomplete and why that can be.
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
