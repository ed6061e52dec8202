package task

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

type listOptions struct {
	*cli.Factory
	query   api.TaskListOptions
	states  []string
	watch   bool
	output  *cli.GetFlags
	printer printers.ResourcePrinter
}

// NewList returns kubectl vast list.
func NewList(f *cli.Factory) *cobra.Command {
	o := &listOptions{Factory: f, output: cli.NewGetFlags(f)}
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
	o.output.AddFlags(c)
	o.output.AddSort(c, (&listOptions{query: api.TaskListOptions{AllNamespaces: true}}).columns().Keys())
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
	o.query.Times = !o.output.Human() || o.output.Wide()
	var err error
	o.printer, err = o.output.Printer()
	return err
}

// Run lists, and goes on watching if that was asked for.
func (o *listOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	list, err := client.Tasks().List(ctx, o.query)
	if err != nil {
		return err
	}
	if err := o.sort(list); err != nil {
		return err
	}
	if o.watch {
		return o.watchTasks(ctx, client, list)
	}
	if !o.output.Human() {
		return o.output.PrintList(o.printer, list, o.Out)
	}
	if len(list.Items) == 0 {
		o.NothingFound("tasks", client.Namespace(), o.query.AllNamespaces, o.query.AllUsers, len(o.states) > 0 || o.query.LabelSelector != "")
		return nil
	}
	return o.output.PrintTable(o.printer, o.table(list.Items), o.Width(), o.Out)
}

// sort puts the newest first, or what --sort-by says.
func (o *listOptions) sort(list *api.TaskStatusList) error {
	slices.Reverse(list.Items)
	return cli.SortItems(o.output, o.columns(), list.Items)
}
