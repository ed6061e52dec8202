// Package campaign has the subcommands of kubectl vast campaign.
package campaign

import (
	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
)

// New returns kubectl vast campaign.
func New(f *cli.Factory) *cobra.Command {
	c := cli.NewGroup("campaign", "Run campaigns: many runs of many configurations",
		newRun(f), newList(f), newStatus(f), newPrepare(f), newConfigs(f),
		newHold(f), newResume(f), newStop(f), newRerun(f), newCleanup(f))
	c.AddCommand(elsewhere(f)...)
	c.Long = templates.LongDesc(`
		Run campaigns: many runs of many configurations.

		A campaign is a .vast file in RoboVAST's format, version 1: configurations, how
		their parameters vary, and how often and how each of them is run.`)
	return c
}
