package cmd

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

type campaignListOptions struct {
	*cli.Factory
	query   api.MonitorOptions
	output  *cli.GetFlags
	printer printers.ResourcePrinter
}

func newCampaignList(f *cli.Factory) *cobra.Command {
	o := &campaignListOptions{Factory: f, query: api.MonitorOptions{Ended: true}, output: cli.NewGetFlags()}
	c := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List campaigns",
		Long: templates.LongDesc(`
			List your campaigns in the namespace, the newest first, also those that ended
			long ago.`),
		Example: templates.Examples(`
			# Your campaigns
			kubectl vast campaign list

			# The ids of those that failed
			kubectl vast campaign list -o json | jq -r '.items[] | select(.state == "Failed") | .id'`),
		Args: cli.Args(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			var err error
			if o.printer, err = o.output.Printer(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
	}
	c.Flags().BoolVar(&o.query.AllUsers, "all-users", false, "List everybody's campaigns, not only yours.")
	o.output.AddFlags(c)
	return c
}

// Run lists.
func (o *campaignListOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	list, err := client.Campaign().Monitor(ctx, o.query)
	if err != nil {
		return err
	}
	slices.Reverse(list.Items)
	if !o.output.Human() {
		return o.output.PrintList(o.printer, list, o.Out)
	}
	if len(list.Items) == 0 {
		o.Notef("No campaigns found in %s namespace.", client.Namespace())
		if !o.query.AllUsers {
			o.Notef("(These would be yours: add --all-users for everybody's.)")
		}
		return nil
	}
	return o.printer.PrintObj(o.table(list.Items), o.Out)
}

func (o *campaignListOptions) table(campaigns []api.Campaign) runtime.Object {
	t := &cli.Table{}
	for _, name := range []string{"Campaign", "State", "Configs", "Done", "Failed", "Age"} {
		t.Column(name, false)
	}
	t.Column("User", !o.query.AllUsers)
	for _, name := range []string{"Queue", "Image", "Rerun of"} {
		t.Column(name, true)
	}
	for i := range campaigns {
		c := &campaigns[i]
		t.Row(c, c.ID, string(c.State), strconv.Itoa(c.Configs), fmt.Sprintf("%d/%d", c.Runs.Done(), c.Runs.Total),
			strconv.Itoa(c.Runs.Failed), o.Age(c.CreationTimestamp), c.User, c.Queue, c.Image, c.RerunOf)
	}
	if o.output.PlainTable() {
		t.Fit(o.Width(), o.output.Wide(),
			cli.Flexible{Column: "Image", Least: 16, Middle: true},
			cli.Flexible{Column: "User", Least: 8, Middle: true})
	}
	return &t.Table
}
