package queue

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/table"
	"github.com/kubevast/vast/sdk/api"
)

type statusOptions struct {
	cli.Listing[api.QueueStatus]
	query api.QueueListOptions
}

func newStatus(f *cli.Factory) *cobra.Command {
	o := &statusOptions{Listing: cli.NewListing[api.QueueStatus](f)}
	c := &cobra.Command{
		Use:   "status [NAME]",
		Short: "Show queues with their quota and usage",
		Long: templates.LongDesc(`
			Show the queues of the namespace: their state, how many tasks wait and run, and the
			quota and usage of each resource in each flavor. The quota is that of the
			ClusterQueue, which queues of other namespaces may share.`),
		Example: templates.Examples(`
			# Show the queues of the current namespace
			kubectl vast queue status

			# Show the queues of all namespaces
			kubectl vast queue status -A

			# Print the state of queue vast
			kubectl vast queue status vast -o jsonpath='{.items[0].state}'`),
		Args:              cli.Args(0, 1, ""),
		ValidArgsFunction: f.Complete(1, cli.QueueNames),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.query.Queue = args[0]
			}
			if err := o.Complete(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
	}
	c.Flags().BoolVarP(&o.query.AllNamespaces, "all-namespaces", "A", false, "If present, show the queues of all namespaces.")
	o.AddListingFlags(c, o.sortColumns())
	return c
}

// Run shows the queues.
func (o *statusOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	list, err := client.Queues().List(ctx, o.query)
	if err != nil {
		return err
	}
	return o.Print(list, list.Items, o.sortColumns(), o.table, func() {
		where := "in " + client.Namespace() + " namespace"
		if o.query.AllNamespaces {
			where = "in any namespace"
		}
		o.Notef("No queues found %s; see: %s", where, o.Hint().Vast("cluster", "setup"))
	})
}

// quotaRow is a line: one resource of a queue. What the queue's lines share is
// on the first.
type quotaRow struct {
	*api.QueueStatus
	api.QueueResource
	first bool
}

func (o *statusOptions) table(queues []api.QueueStatus) *table.Table {
	columns := o.columns(hasCohort(queues))
	t := columns.Table()
	for i := range queues {
		resources := queues[i].Resources
		switch {
		case queues[i].Unknown != "":
			resources = []api.QueueResource{{Used: "unknown", Quota: "unknown"}}
		case len(resources) == 0:
			resources = []api.QueueResource{{}}
		}
		for n, r := range resources {
			columns.Add(t, &queues[i], &quotaRow{&queues[i], r, n == 0})
		}
	}
	return t
}

func (o *statusOptions) columns(cohort bool) table.Columns[quotaRow] {
	once := func(text func(*api.QueueStatus) string) func(*quotaRow) string {
		return func(r *quotaRow) string {
			if !r.first {
				return ""
			}
			return text(r.QueueStatus)
		}
	}
	type queue = api.QueueStatus
	columns := table.Columns[quotaRow]{
		{Name: "Queue", Text: once(func(q *queue) string { return q.Name }), Give: table.ID},
		{Name: "State", Text: once(func(q *queue) string { return string(q.State) }), Give: table.State},
		{Name: "Waiting", Text: once(func(q *queue) string { return strconv.Itoa(q.Pending) }), Give: table.Give{Rank: 6}},
		{Name: "Running", Text: once(func(q *queue) string { return strconv.Itoa(q.Admitted) }), Give: table.Give{Rank: 5}},
		{Name: "ClusterQueue", Text: once(func(q *queue) string { return q.ClusterQueue }), Give: table.Give{Rank: 2, Least: 12, Middle: true}},
		{Name: "Cohort", Wide: !cohort, Text: once(func(q *queue) string { return q.Cohort }), Give: table.Give{Rank: 1, Least: 8, Middle: true}},
		{Name: "Flavor", Text: func(r *quotaRow) string { return r.Flavor }, Give: table.Give{Rank: 3, Least: 10, Middle: true}},
		{Name: "Resource", Text: func(r *quotaRow) string { return r.Resource }, Give: table.Give{Rank: 9, Least: 10, Middle: true}},
		{Name: "Used", Text: func(r *quotaRow) string { return r.Used }, Give: table.Give{Rank: 8}},
		{Name: "Quota", Text: func(r *quotaRow) string { return r.Quota }, Give: table.Give{Rank: 7}},
		{Name: "Borrowed", Wide: !cohort, Text: func(r *quotaRow) string { return r.Borrowed }, Give: table.Give{Rank: 1}},
		{Name: "Reason", Text: once(reason), Give: table.Give{Rank: 4, Least: 16}},
	}
	if o.query.AllNamespaces {
		columns = slices.Insert(columns, 0, table.Column[quotaRow]{Name: "Namespace",
			Text: once(func(q *queue) string { return q.Namespace }), Give: table.Give{Rank: 10, Least: 12, Middle: true}})
	}
	return columns
}

// reason is why nothing starts in a queue, or what of it may not be read.
func reason(q *api.QueueStatus) string {
	if q.Unknown == "" {
		return q.Reason
	}
	return strings.TrimPrefix(q.Reason+"; no right to "+q.Unknown, "; ")
}

// sortColumns are what queues are sorted by: those of a queue, not of its resources.
func (o *statusOptions) sortColumns() table.Columns[api.QueueStatus] {
	type queue = api.QueueStatus
	return table.Columns[queue]{
		{Name: "Namespace", Text: func(q *queue) string { return q.Namespace }},
		{Name: "Queue", Text: func(q *queue) string { return q.Name }},
		{Name: "State", Text: func(q *queue) string { return string(q.State) }},
		{Name: "Waiting", Order: table.By(func(q *queue) int { return q.Pending })},
		{Name: "Running", Order: table.By(func(q *queue) int { return q.Admitted })},
		{Name: "ClusterQueue", Text: func(q *queue) string { return q.ClusterQueue }},
		{Name: "Cohort", Text: func(q *queue) string { return q.Cohort }},
	}
}

func hasCohort(queues []api.QueueStatus) bool {
	for i := range queues {
		if queues[i].Cohort != "" {
			return true
		}
	}
	return false
}
