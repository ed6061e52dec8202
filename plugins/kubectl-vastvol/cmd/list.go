package cmd

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
	tableOptions
	query api.VolumeListOptions
	watch bool
}

func newList(f *cli.Factory) *cobra.Command {
	o := &listOptions{tableOptions: tableOptions{Listing: cli.NewListing[api.VolumeStatus](f)}}
	c := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List volumes",
		Long:    templates.LongDesc(`List your volumes in the namespace, and the tasks that use them.`),
		Example: templates.Examples(`
			# List your volumes in the current namespace
			kubectl vastvol list

			# List the volumes of all users in all namespaces
			kubectl vastvol list -A --all-users

			# Watch your volumes
			kubectl vastvol list -w`),
		Args: cli.Args(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := o.Complete(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
	}
	p := c.Flags()
	p.BoolVarP(&o.query.AllNamespaces, "all-namespaces", "A", false, "If present, list the volumes across all namespaces.")
	p.BoolVar(&o.query.AllUsers, "all-users", false, "List the volumes of all users, not only yours.")
	p.StringVarP(&o.query.LabelSelector, "selector", "l", "", "Selector (label query) to filter on, supports '=', '==', '!=', 'in', 'notin'.")
	p.BoolVarP(&o.watch, "watch", "w", false, "After listing, watch for changes.")
	o.AddListingFlags(c, (&tableOptions{allNamespaces: true}).columns())
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
	slices.SortStableFunc(list.Items, func(a, b api.VolumeStatus) int {
		return strings.Compare(a.Namespace+"/"+a.VolumeName, b.Namespace+"/"+b.VolumeName)
	})
	o.allNamespaces, o.allUsers = o.query.AllNamespaces, o.query.AllUsers
	if o.watch {
		if err := cli.SortItems(o.Output, o.columns(), list.Items); err != nil {
			return err
		}
		return o.watchVolumes(ctx, client, list.Items, o.query)
	}
	return o.Print(list, list.Items, o.columns(), o.table, func() {
		o.NothingFound("volumes", client.Namespace(), o.allNamespaces, o.allUsers, false)
	})
}
