package run

import (
	"context"
	"slices"
	"strconv"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/table"
	"github.com/kubevast/vast/internal/cli/term"
	"github.com/kubevast/vast/sdk/api"
)

type listOptions struct {
	cli.Listing[api.WorkflowRun]
	query api.TaskListOptions
}

func newList(f *cli.Factory) *cobra.Command {
	o := &listOptions{Listing: cli.NewListing[api.WorkflowRun](f)}
	c := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List runs of workflows",
		Long: templates.LongDesc(`
			List your runs in the namespace, newest first: those in the cluster, and the newest 50 of
			the history that have left it. "kubectl vast run history" lists older ones.`),
		Example: templates.Examples(`
			# List your runs
			kubectl vast run list

			# List the runs of all users that have failed
			kubectl vast run list --all-users -l kubevast.io/result=failed`),
		Args: cli.Args(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := o.Complete(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
	}
	p := c.Flags()
	p.BoolVarP(&o.query.AllNamespaces, "all-namespaces", "A", false, "If present, list the runs across all namespaces.")
	p.BoolVar(&o.query.AllUsers, "all-users", false, "List the runs of all users, not only yours.")
	p.StringVarP(&o.query.LabelSelector, "selector", "l", "", "Selector (label query) to filter on, supports '=', '==', '!=', 'in', 'notin'.")
	o.AddListingFlags(c, (&listOptions{Listing: o.Listing, query: api.TaskListOptions{AllNamespaces: true}}).columns())
	return c
}

// Run lists.
func (o *listOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	list, err := client.Workflows().List(ctx, o.query)
	if err != nil {
		return err
	}
	slices.Reverse(list.Items)
	all := o.columns()
	return o.Print(list, list.Items, all, func(items []api.WorkflowRun) *table.Table { return table.Of(all, items) }, func() {
		o.NothingFound("runs", client.Namespace(), o.query.AllNamespaces, o.query.AllUsers, o.query.LabelSelector != "")
	})
}

func (o *listOptions) columns() table.Columns[api.WorkflowRun] {
	type run = api.WorkflowRun
	columns := table.Columns[run]{
		{Name: "ID", Text: func(r *run) string { return r.ID }, Give: table.ID},
		{Name: "Workflow", Text: func(r *run) string { return term.Words(r.WorkflowName) }, Give: table.Give{Rank: 5, Least: 16, Middle: true}},
		{Name: "Phase", Text: func(r *run) string { return r.Phase }, Give: table.State},
		{Name: "Result", Text: shownResult},
		{Name: "Tasks", Text: func(r *run) string { return strconv.Itoa(ended(r)) + "/" + strconv.Itoa(r.NumTasks) }, Give: table.Give{Rank: 1}},
		{Name: "Age", Text: func(r *run) string { return o.Age(r.CreationTimestamp) },
			Order: table.ByAge(func(r *run) *metav1.Time { return &r.CreationTimestamp }), Give: table.Give{Rank: 2}},
		{Name: "Duration", Wide: true, Text: func(r *run) string { return o.Lasted(r.StartTime, r.EndTime) }},
		{Name: "User", Wide: !o.query.AllUsers, Text: func(r *run) string { return term.Words(r.User) }, Give: table.Give{Rank: 4, Least: 8, Middle: true}},
		{Name: "Driver", Wide: true, Text: func(r *run) string { return r.Driver }},
		{Name: "Reason", Text: func(r *run) string { return term.Words(r.Reason) }, Give: table.Give{Rank: 3, Least: 16}},
	}
	if o.query.AllNamespaces {
		columns = slices.Insert(columns, 0, table.Column[run]{Name: "Namespace",
			Text: func(r *run) string { return r.Namespace }, Give: table.Give{Rank: 6, Least: 12, Middle: true}})
	}
	return columns
}

// ended is the number of tasks that have ended.
func ended(r *api.WorkflowRun) int { return r.Succeeded + r.Failed + r.Omitted }

// shownResult is the result, if there is one.
func shownResult(r *api.WorkflowRun) string {
	if r.Result == "unknown" {
		return ""
	}
	return r.Result
}
