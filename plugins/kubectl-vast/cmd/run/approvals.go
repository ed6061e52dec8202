package run

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/table"
	"github.com/kubevast/vast/internal/cli/term"
	"github.com/kubevast/vast/sdk/api"
)

type approvalsOptions struct {
	cli.Listing[api.WorkflowApproval]
	query api.TaskListOptions
}

// NewApprovals returns kubectl vast approvals.
func NewApprovals(f *cli.Factory) *cobra.Command {
	o := &approvalsOptions{Listing: cli.NewListing[api.WorkflowApproval](f)}
	c := &cobra.Command{
		Use:   "approvals",
		Short: "List the tasks of runs that wait for approval",
		Long: templates.LongDesc(`
			List the tasks of all users' runs that wait for approval: who has approved, and how many
			approvals are missing.`),
		Example: templates.Examples(`
			# List what waits for approval in the namespace
			kubectl vast approvals

			# List what waits for approval in all namespaces, with the users that may approve
			kubectl vast approvals -A -o wide`),
		Args: cli.Args(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := o.Complete(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
	}
	c.Flags().BoolVarP(&o.query.AllNamespaces, "all-namespaces", "A", false, "If present, list the tasks across all namespaces.")
	o.AddListingFlags(c, (&approvalsOptions{Listing: o.Listing, query: api.TaskListOptions{AllNamespaces: true}}).columns())
	return c
}

// Run lists.
func (o *approvalsOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	list, err := client.Workflows().Approvals(ctx, o.query)
	if err != nil {
		return err
	}
	all := o.columns()
	return o.Print(list, list.Items, all, func(items []api.WorkflowApproval) *table.Table { return table.Of(all, items) }, func() {
		o.NothingFound("tasks that wait for approval", client.Namespace(), o.query.AllNamespaces, true, false)
	})
}

func (o *approvalsOptions) columns() table.Columns[api.WorkflowApproval] {
	type approval = api.WorkflowApproval
	columns := table.Columns[approval]{
		{Name: "Run", Text: func(a *approval) string { return a.RunID }, Give: table.ID},
		{Name: "Task", Text: func(a *approval) string { return a.Task }, Give: table.Give{Rank: 5, Least: 16, Middle: true}},
		{Name: "Workflow", Text: func(a *approval) string { return a.WorkflowName }, Give: table.Give{Rank: 2, Least: 12, Middle: true}},
		{Name: "Approved", Text: func(a *approval) string { return fmt.Sprintf("%d/%d", a.Approved, a.Required) }, Give: table.State},
		{Name: "By", Text: func(a *approval) string { return joined(approvers(a)) }, Give: table.Give{Rank: 3, Least: 12}},
		{Name: "Age", Text: func(a *approval) string { return o.Age(a.CreationTimestamp) },
			Order: table.ByAge(func(a *approval) *metav1.Time { return &a.CreationTimestamp }), Give: table.Give{Rank: 1}},
		{Name: "Submitter", Wide: true, Text: func(a *approval) string { return term.Words(a.User) }},
		{Name: "Users", Wide: true, Text: func(a *approval) string { return term.Words(joined(a.Users)) }},
		{Name: "Groups", Wide: true, Text: func(a *approval) string { return term.Words(joined(a.Groups)) }},
	}
	if o.query.AllNamespaces {
		columns = slices.Insert(columns, 0, table.Column[approval]{Name: "Namespace",
			Text: func(a *approval) string { return a.Namespace }, Give: table.Give{Rank: 6, Least: 12, Middle: true}})
	}
	return columns
}

// approvers are the users who have approved.
func approvers(a *api.WorkflowApproval) []string {
	var out []string
	for _, d := range a.Decisions {
		if !d.Rejected {
			out = append(out, term.Words(d.User))
		}
	}
	return out
}
