package cmd

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
	tableOptions
	query   api.VolumeListOptions
	printer printers.ResourcePrinter
}

func newList(f *cli.Factory) *cobra.Command {
	o := &listOptions{tableOptions: tableOptions{Factory: f, output: cli.NewGetFlags(f)}}
	c := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List volumes",
		Long:    templates.LongDesc(`List your volumes in the namespace, and the tasks that use them.`),
		Example: templates.Examples(`
			# List your volumes in the current namespace
			kubectl vastvol list

			# List the volumes of all users in all namespaces
			kubectl vastvol list -A --all-users`),
		Args: cli.Args(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			var err error
			if o.printer, err = o.output.Printer(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
	}
	p := c.Flags()
	p.BoolVarP(&o.query.AllNamespaces, "all-namespaces", "A", false, "If present, list the volumes across all namespaces.")
	p.BoolVar(&o.query.AllUsers, "all-users", false, "List the volumes of all users, not only yours.")
	p.StringVarP(&o.query.LabelSelector, "selector", "l", "", "Selector (label query) to filter on, supports '=', '==', '!=', 'in', 'notin'.")
	o.output.AddFlags(c)
	o.output.AddSort(c, (&tableOptions{allNamespaces: true}).columns().Keys())
	return c
}

// Run lists the volumes.
func (o *listOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	list, err := client.Volumes().List(ctx, o.query)
	if err != nil {
		return err
	}
	if err := o.sort(list); err != nil {
		return err
	}
	if !o.output.Human() {
		return o.output.PrintList(o.printer, list, o.Out)
	}
	if len(list.Items) == 0 {
		o.NothingFound("volumes", client.Namespace(), o.query.AllNamespaces, o.query.AllUsers, false)
		return nil
	}
	o.allNamespaces, o.allUsers = o.query.AllNamespaces, o.query.AllUsers
	return o.output.PrintTable(o.printer, o.table(list.Items), o.Width(), o.Out)
}

func (o *listOptions) sort(list *api.VolumeStatusList) error {
	slices.SortStableFunc(list.Items, func(a, b api.VolumeStatus) int {
		return strings.Compare(a.Namespace+"/"+a.VolumeName, b.Namespace+"/"+b.VolumeName)
	})
	return cli.SortItems(o.output, o.columns(), list.Items)
}
