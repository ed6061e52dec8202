package queue

import (
	"context"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

type listOptions struct {
	cli.Listing[api.QueuedTask]
	query api.QueuePendingOptions
}

func newList(f *cli.Factory) *cobra.Command {
	o := &listOptions{Listing: cli.NewListing[api.QueuedTask](f)}
	c := &cobra.Command{
		Use:     "list [NAME]",
		Aliases: []string{"ls"},
		Short:   "List what waits, in queue order",
		Long: templates.LongDesc(`
			List your queued tasks in the order in which Kueue considers them.

			The position counts from 1 over everything that waits for the same quota, including
			the workloads of other users and namespaces. It is "-" if there is none, as in a held
			queue. The start is estimated from the last half hour, and omitted without data.`),
		Example: templates.Examples(`
			# List your queued tasks in the current namespace
			kubectl vast queue list

			# List everything that waits for the quota of queue vast, in all namespaces
			kubectl vast queue list vast -A --all-users

			# Print the ids of those among the first ten
			kubectl vast queue list -o json | jq -r '.items[] | select(.position <= 10) | .id'`),
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
	c.Flags().BoolVarP(&o.query.AllNamespaces, "all-namespaces", "A", false, "If present, list queued tasks across all namespaces.")
	c.Flags().BoolVar(&o.query.AllUsers, "all-users", false, "List all workloads that wait, not only your tasks.")
	o.AddListingFlags(c, (&listOptions{query: api.QueuePendingOptions{AllNamespaces: true}}).columns(nil))
	return c
}

// Run lists what waits.
func (o *listOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	list, err := client.Queues().Pending(ctx, o.query)
	if err != nil {
		return err
	}
	if err := o.Print(list, list.Items, o.columns(list.Items), o.table, func() { o.nothing(client) }); err != nil {
		return err
	}
	if o.Output.Human() {
		o.remarks(list.Items)
	}
	return nil
}

func (o *listOptions) nothing(client cli.Client) {
	what, where := "Nothing of yours waits", " in "+client.Namespace()+" namespace"
	if o.query.AllUsers {
		what = "Nothing waits"
	}
	if o.query.AllNamespaces {
		where = ""
	}
	o.Notef("%s%s.", what, where)
	if !o.query.AllUsers {
		o.Notef("(Add --all-users for everybody's tasks.)")
	}
}

// remarks print what the columns cannot contain.
func (o *listOptions) remarks(tasks []api.QueuedTask) {
	for i := range tasks {
		if tasks[i].PositionPartial {
			o.Notef("Positions count only what you may see: Kueue's visibility API does not answer, and you may not list %s in all namespaces.",
				"workloads.kueue.x-k8s.io")
			return
		}
	}
}
