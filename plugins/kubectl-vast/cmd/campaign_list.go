package cmd

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
	c.Flags().BoolVarP(&o.query.AllNamespaces, "all-namespaces", "A", false, "If present, list the campaigns across all namespaces.")
	c.Flags().BoolVar(&o.query.AllUsers, "all-users", false, "List everybody's campaigns, not only yours.")
	o.output.AddFlags(c)
	o.output.AddSort(c, (&campaignListOptions{query: api.MonitorOptions{AllNamespaces: true}}).columns().Keys())
	return c
}

// Run lists.
func (o *campaignListOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	list, err := client.Campaigns().Monitor(ctx, o.query)
	if err != nil {
		return err
	}
	slices.Reverse(list.Items)
	if err := cli.SortItems(o.output, o.columns(), list.Items); err != nil {
		return err
	}
	if !o.output.Human() {
		return o.output.PrintList(o.printer, list, o.Out)
	}
	if len(list.Items) == 0 {
		o.NothingFound("campaigns", client.Namespace(), o.query.AllNamespaces, o.query.AllUsers, false)
		return nil
	}
	return o.output.PrintTable(o.printer, o.table(list.Items), o.Width(), o.Out)
}

func (o *campaignListOptions) table(campaigns []api.Campaign) *cli.Table {
	columns := o.columns()
	t := columns.Table()
	for i := range campaigns {
		columns.Add(t, &campaigns[i], &campaigns[i])
	}
	return t
}

func (o *campaignListOptions) columns() cli.Columns[api.Campaign] {
	type campaign = api.Campaign
	columns := cli.Columns[campaign]{
		{Name: "Campaign", Text: func(c *campaign) string { return c.ID }, Give: cli.ID},
		{Name: "State", Text: func(c *campaign) string { return string(c.State) }, Give: cli.State},
		{Name: "Configs", Text: func(c *campaign) string { return strconv.Itoa(c.Configs) },
			Order: cli.By(func(c *campaign) int { return c.Configs }), Give: cli.Give{Rank: 1}},
		{Name: "Done", Text: func(c *campaign) string { return fmt.Sprintf("%d/%d", c.Runs.Done(), c.Runs.Total) },
			Order: cli.By(func(c *campaign) int { return c.Runs.Done() }), Give: cli.Give{Rank: 5}},
		{Name: "Failed", Text: func(c *campaign) string { return strconv.Itoa(c.Runs.Failed) },
			Order: cli.By(func(c *campaign) int { return c.Runs.Failed }), Give: cli.Give{Rank: 4}},
		{Name: "Age", Text: func(c *campaign) string { return o.Age(c.CreationTimestamp) },
			Order: cli.ByAge(func(c *campaign) *metav1.Time { return &c.CreationTimestamp }), Give: cli.Give{Rank: 2}},
		{Name: "User", Wide: !o.query.AllUsers, Text: func(c *campaign) string { return c.User }, Give: cli.Give{Rank: 3, Least: 8, Middle: true}},
		{Name: "Queue", Wide: true, Text: func(c *campaign) string { return c.Queue }},
		{Name: "Image", Wide: true, Text: func(c *campaign) string { return c.Image }},
		{Name: "Rerun of", Wide: true, Text: func(c *campaign) string { return c.RerunOf }},
	}
	if o.query.AllNamespaces {
		columns = slices.Insert(columns, 0, cli.Column[campaign]{Name: "Namespace",
			Text: func(c *campaign) string { return c.Namespace }, Give: cli.Give{Rank: 6, Least: 12, Middle: true}})
	}
	return columns
}
