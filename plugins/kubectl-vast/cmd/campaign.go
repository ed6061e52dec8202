package cmd

import (
	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
)

func newCampaign(f *cli.Factory) *cobra.Command {
	c := cli.NewGroup("campaign", "Run campaigns: many runs of many configurations",
		newCampaignRun(f), newCampaignList(f), newCampaignStatus(f), newCampaignPrepare(f), newCampaignConfigs(f),
		newCampaignHold(f), newCampaignResume(f), newCampaignStop(f), newCampaignRerun(f), newCampaignCleanup(f))
	c.AddCommand(campaignElsewhere(f)...)
	c.Long = templates.LongDesc(`
		Run campaigns: many runs of many configurations.

		A campaign is a .vast file in RoboVAST's format, version 1: configurations, how
		their parameters vary, and how often and how each of them is run.`)
	return c
}
