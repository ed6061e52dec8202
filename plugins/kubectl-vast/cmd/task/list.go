package task

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

type listOptions struct {
	cli.Listing[api.TaskStatus]
	query  api.TaskListOptions
	states []string
	watch  bool
}

// NewList returns kubectl vast list.
func NewList(f *cli.Factory) *cobra.Command {
	o := &listOptions{Listing: cli.NewListing[api.TaskStatus](f)}
	c := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls", "ps"},
		Short:   "List tasks",
		Long: templates.LongDesc(`
			List your tasks in the namespace, newest first.`),
		Example: templates.Examples(`
			# List your tasks in the current namespace
			kubectl vast list

			# List unfinished tasks of all users in all namespaces
			kubectl vast list -A --all-users --state=queued,pending,running

			# Print the ids of your failed tasks
			kubectl vast list --state=failed -o jsonpath='{.items[*].id}'

			# Watch your tasks
			kubectl vast list -w`),
		Args: cli.Args(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := o.Complete(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
	}
	p := c.Flags()
	p.BoolVarP(&o.query.AllNamespaces, "all-namespaces", "A", false, "If present, list the tasks across all namespaces.")
	p.BoolVar(&o.query.AllUsers, "all-users", false, "List the tasks of all users, not only yours.")
	p.StringVarP(&o.query.LabelSelector, "selector", "l", "", "Selector (label query) to filter on, supports '=', '==', '!=', 'in', 'notin'.")
	p.StringSliceVar(&o.states, "state", nil, "Only tasks in these states: "+strings.Join(stateNames(), ", ")+".")
	p.BoolVarP(&o.watch, "watch", "w", false, "After listing, watch for changes.")
	o.AddListingFlags(c, (&listOptions{query: api.TaskListOptions{AllNamespaces: true}}).columns())
	_ = c.RegisterFlagCompletionFunc("state",
		cobra.FixedCompletions(stateNames(), cobra.ShellCompDirectiveNoFileComp))
	return c
}

// Complete reads the flags.
func (o *listOptions) Complete() error {
	for _, text := range o.states {
		s, err := parseState(text)
		if err != nil {
			return cli.Usagef("--state: %v", err)
		}
		o.query.States = append(o.query.States, s)
	}
	// People see the duration in wide only; programs always.
	o.query.Times = !o.Output.Human() || o.Output.Wide()
	return o.Listing.Complete()
}

// Run lists, and continues to watch on request.
func (o *listOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	list, err := client.Tasks().List(ctx, o.query)
	if err != nil {
		return err
	}
	slices.Reverse(list.Items) // the newest first
	if o.watch {
		if err := cli.SortItems(o.Output, o.columns(), list.Items); err != nil {
			return err
		}
		return cli.Watch(ctx, &o.Listing, list.Items, client.Tasks().Watch(ctx, o.query), o.fingerprint, o.table)
	}
	return o.Print(list, list.Items, o.columns(), o.table, func() {
		o.NothingFound("tasks", client.Namespace(), o.query.AllNamespaces, o.query.AllUsers, len(o.states) > 0 || o.query.LabelSelector != "")
	})
}
