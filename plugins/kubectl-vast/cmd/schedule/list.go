package schedule

import (
	"context"
	"slices"
	"strconv"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/table"
	"github.com/kubevast/vast/internal/cli/term"
	"github.com/kubevast/vast/sdk/api"
)

type listOptions struct {
	cli.Listing[api.WorkflowSchedule]
	query api.TaskListOptions
}

func newList(f *cli.Factory) *cobra.Command {
	o := &listOptions{Listing: cli.NewListing[api.WorkflowSchedule](f)}
	c := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List schedules of workflows",
		Long: templates.LongDesc(`
			List your schedules in the namespace, with the number of their active runs and the newest
			run.`),
		Example: templates.Examples(`
			# List your schedules
			kubectl vast schedule list`),
		Args: cli.Args(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := o.Complete(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
	}
	p := c.Flags()
	p.BoolVarP(&o.query.AllNamespaces, "all-namespaces", "A", false, "If present, list the schedules across all namespaces.")
	p.BoolVar(&o.query.AllUsers, "all-users", false, "List the schedules of all users, not only yours.")
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
	list, err := client.Schedules().List(ctx, o.query)
	if err != nil {
		return err
	}
	all := o.columns()
	return o.Print(list, list.Items, all, func(items []api.WorkflowSchedule) *table.Table { return table.Of(all, items) }, func() {
		o.NothingFound("schedules", client.Namespace(), o.query.AllNamespaces, o.query.AllUsers, o.query.LabelSelector != "")
	})
}

func (o *listOptions) columns() table.Columns[api.WorkflowSchedule] {
	type schedule = api.WorkflowSchedule
	columns := table.Columns[schedule]{
		{Name: "Name", Text: func(s *schedule) string { return s.WorkflowName }, Give: table.Give{Rank: 5, Least: 16, Middle: true}},
		{Name: "Schedule", Text: func(s *schedule) string { return s.Schedule }, Give: table.Give{Rank: 4, Least: 9}},
		{Name: "Timezone", Wide: true, Text: func(s *schedule) string { return s.TimeZone }},
		{Name: "Suspend", Text: func(s *schedule) string { return strconv.FormatBool(s.Suspend) }, Give: table.Give{Rank: 1}},
		{Name: "Active", Text: func(s *schedule) string { return strconv.Itoa(s.Active) }, Give: table.Give{Rank: 1}},
		{Name: "Last schedule", Text: func(s *schedule) string {
			if s.LastScheduleTime == nil {
				return ""
			}
			return o.Age(*s.LastScheduleTime)
		}, Give: table.Give{Rank: 2}},
		{Name: "Last run", Text: func(s *schedule) string { return s.LastRun }, Give: table.Give{Rank: 3}},
		{Name: "Result", Text: lastResult, Give: table.Give{Rank: 3}},
		{Name: "Concurrency", Wide: true, Text: func(s *schedule) string { return s.ConcurrencyPolicy }},
		{Name: "User", Wide: !o.query.AllUsers, Text: func(s *schedule) string { return s.User }, Give: table.Give{Rank: 4, Least: 8, Middle: true}},
		{Name: "Reason", Text: func(s *schedule) string { return term.Words(s.Reason) }, Give: table.Give{Rank: 3, Least: 16}},
	}
	if o.query.AllNamespaces {
		columns = slices.Insert(columns, 0, table.Column[schedule]{Name: "Namespace",
			Text: func(s *schedule) string { return s.Namespace }, Give: table.Give{Rank: 6, Least: 12, Middle: true}})
	}
	return columns
}

// lastResult is the result of the newest run, or its phase if it has none yet.
func lastResult(s *api.WorkflowSchedule) string {
	if s.LastResult == "" || s.LastResult == "unknown" {
		return s.LastPhase
	}
	return s.LastResult
}
