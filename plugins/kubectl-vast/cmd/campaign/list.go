package campaign

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/table"
	"github.com/kubevast/vast/sdk/api"
)

type listOptions struct {
	cli.Listing[api.Campaign]
	query api.CampaignListOptions
}

func newList(f *cli.Factory) *cobra.Command {
	o := &listOptions{Listing: cli.NewListing[api.Campaign](f), query: api.CampaignListOptions{Ended: true}}
	c := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List campaigns",
		Long: templates.LongDesc(`
			List your campaigns in the namespace, newest first, including finished ones.`),
		Example: templates.Examples(`
			# List your campaigns
			kubectl vast campaign list

			# Print the ids of failed ones
			kubectl vast campaign list -o json | jq -r '.items[] | select(.state == "Failed") | .id'`),
		Args: cli.Args(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := o.Complete(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
	}
	c.Flags().BoolVarP(&o.query.AllNamespaces, "all-namespaces", "A", false, "If present, list the campaigns across all namespaces.")
	c.Flags().BoolVar(&o.query.AllUsers, "all-users", false, "List the campaigns of all users, not only yours.")
	o.AddListingFlags(c, (&listOptions{query: api.CampaignListOptions{AllNamespaces: true}}).columns())
	return c
}

// Run lists.
func (o *listOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	list, err := client.Campaigns().List(ctx, o.query)
	if err != nil {
		return err
	}
	slices.Reverse(list.Items)
	return o.Print(list, list.Items, o.columns(), o.table, func() {
		o.NothingFound("campaigns", client.Namespace(), o.query.AllNamespaces, o.query.AllUsers, false)
	})
}

func (o *listOptions) table(campaigns []api.Campaign) *table.Table {
	return table.Of(o.columns(), campaigns)
}

func (o *listOptions) columns() table.Columns[api.Campaign] {
	type campaign = api.Campaign
	columns := table.Columns[campaign]{
		{Name: "Campaign", Text: func(c *campaign) string { return c.ID }, Give: table.ID},
		{Name: "State", Text: func(c *campaign) string { return string(c.State) }, Give: table.State},
		{Name: "Configs", Text: func(c *campaign) string { return strconv.Itoa(c.Configs) },
			Order: table.By(func(c *campaign) int { return c.Configs }), Give: table.Give{Rank: 1}},
		{Name: "Done", Text: func(c *campaign) string { return fmt.Sprintf("%d/%d", c.Runs.Done(), c.Runs.Total) },
			Order: table.By(func(c *campaign) int { return c.Runs.Done() }), Give: table.Give{Rank: 5}},
		{Name: "Failed", Text: func(c *campaign) string { return strconv.Itoa(c.Runs.Failed) },
			Order: table.By(func(c *campaign) int { return c.Runs.Failed }), Give: table.Give{Rank: 4}},
		{Name: "Age", Text: func(c *campaign) string { return o.Age(c.CreationTimestamp) },
			Order: table.ByAge(func(c *campaign) *metav1.Time { return &c.CreationTimestamp }), Give: table.Give{Rank: 2}},
		{Name: "User", Wide: !o.query.AllUsers, Text: func(c *campaign) string { return c.User }, Give: table.Give{Rank: 3, Least: 8, Middle: true}},
		{Name: "Queue", Wide: true, Text: func(c *campaign) string { return c.Queue }},
		{Name: "Image", Wide: true, Text: func(c *campaign) string { return c.Image }},
		{Name: "Rerun of", Wide: true, Text: func(c *campaign) string { return c.RerunOf }},
	}
	if o.query.AllNamespaces {
		columns = slices.Insert(columns, 0, table.Column[campaign]{Name: "Namespace",
			Text: func(c *campaign) string { return c.Namespace }, Give: table.Give{Rank: 6, Least: 12, Middle: true}})
	}
	return columns
}
