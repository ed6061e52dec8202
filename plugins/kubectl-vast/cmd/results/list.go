package results

import (
	"context"
	"slices"
	"strconv"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubectl/pkg/util/templates"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/table"
	"github.com/kubevast/vast/sdk/api"
)

type listOptions struct {
	cli.Listing[api.Result]
	query api.ResultListOptions
}

func newList(f *cli.Factory) *cobra.Command {
	o := &listOptions{Listing: cli.NewListing[api.Result](f)}
	c := &cobra.Command{
		Use:     "list [ID]",
		Aliases: []string{"ls"},
		Short:   "List results",
		Long: templates.LongDesc(`
			List results: one for each node of a task, and one for each run of a campaign.
			Without an ID, list all of yours in the namespace, newest first, with one line for
			a campaign.`),
		Example: templates.Examples(`
			# List your results in the current namespace
			kubectl vast results list

			# List the failed runs of a campaign
			kubectl vast results list sweep-2026-11-21-101500 --failed

			# Print the size of the results of a task
			kubectl vast results list x7k2m9qa -o json | jq '[.items[].bytes] | add'`),
		Args:              cli.Args(0, 1, ""),
		ValidArgsFunction: f.Complete(1, cli.ResultNames),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.query.Ref = args[0]
			}
			if err := o.Complete(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
	}
	addSelector(c, &o.query.ResultSelector)
	c.Flags().BoolVarP(&o.query.AllNamespaces, "all-namespaces", "A", false, "If present, list the results across all namespaces. Not allowed with an ID.")
	c.Flags().BoolVar(&o.query.AllUsers, "all-users", false, "List the results of all users, not only yours.")
	o.AddListingFlags(c, (&listOptions{query: api.ResultListOptions{AllNamespaces: true}}).columns(true))
	return c
}

// Run lists.
func (o *listOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	list, err := client.Results().List(ctx, o.query)
	if err != nil {
		return err
	}
	return o.Print(list, list.Items, o.columns(true), o.table, func() {
		o.NothingFound("results", client.Namespace(), o.query.AllNamespaces, o.query.AllUsers, o.query.Ref != "")
	})
}

// table has one line for each result. The first column is what the other commands
// take.
func (o *listOptions) table(results []api.Result) *table.Table {
	return table.Of(o.columns(slices.ContainsFunc(results, func(r api.Result) bool { return r.Campaign == "" })), results)
}

// columns are those of a table of results; named: some are of tasks, which have
// names of their own.
func (o *listOptions) columns(named bool) table.Columns[api.Result] {
	type result = api.Result
	columns := table.Columns[result]{
		{Name: "Result", Text: func(r *result) string { return r.Name }, Give: table.ID},
		{Name: "Name", Wide: !named, Text: taskName, Give: table.Give{Rank: 5, Least: 16, Middle: true}},
		{Name: "State", Text: func(r *result) string { return string(cli.ResultState(r)) }, Give: table.State},
		{Name: "Files", Text: func(r *result) string { return ofResult(r, strconv.Itoa(r.Files)) },
			Order: table.By(func(r *result) int { return r.Files }), Give: table.Give{Rank: 1}},
		{Name: "Size", Text: func(r *result) string { return ofResult(r, cli.Bytes(r.Bytes)) },
			Order: table.By(func(r *result) int64 { return r.Bytes }), Give: table.Give{Rank: 2}},
		{Name: "Ended", Text: func(r *result) string {
			if r.EndTime == nil {
				return "-"
			}
			return o.Age(*r.EndTime)
		}, Order: table.ByAge(func(r *result) *metav1.Time { return r.EndTime }), Give: table.Give{Rank: 4}},
		{Name: "User", Wide: !o.query.AllUsers, Text: func(r *result) string { return r.User }, Give: table.Give{Rank: 3, Least: 8, Middle: true}},
		{Name: "Exit", Wide: true, Text: func(r *result) string {
			if r.ExitCode == nil {
				return ""
			}
			return strconv.Itoa(int(*r.ExitCode))
		}, Order: table.By(func(r *result) int32 { return ptr.Deref(r.ExitCode, -1) })},
		{Name: "Progress", Wide: true, Text: func(r *result) string { return cli.ProgressWords(r.Progress) }},
		{Name: "Reason", Text: reason, Give: table.Give{Rank: 6, Least: 16}},
	}
	if o.query.AllNamespaces {
		columns = slices.Insert(columns, 0, table.Column[result]{Name: "Namespace",
			Text: func(r *result) string { return r.Namespace }, Give: table.Give{Rank: 7, Least: 12, Middle: true}})
	}
	return columns
}

// ofResult is a number of a result; of a whole campaign it is not known.
func ofResult(r *api.Result, number string) string {
	if r.Campaign != "" && r.Config == "" {
		return "-"
	}
	return number
}

// taskName is the name of a task; a run has that of its configuration.
func taskName(r *api.Result) string {
	if r.Campaign != "" {
		return ""
	}
	return r.TaskName
}
