package cmd

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

type getOptions struct {
	tableOptions
	names []string
	watch bool
}

func newGet(f *cli.Factory) *cobra.Command {
	o := &getOptions{tableOptions: tableOptions{Listing: cli.NewListing[api.VolumeStatus](f)}}
	c := &cobra.Command{
		Use:   "get NAME...",
		Short: "Show volumes by name",
		Example: templates.Examples(`
			# Print the name of the claim of a volume
			kubectl vastvol get data -o jsonpath='{.metadata.name}'

			# Print a volume, and again after every change
			kubectl vastvol get data -w`),
		Args: cli.Args(1, -1, "the name of a volume"),
		RunE: func(c *cobra.Command, args []string) error {
			o.names = args
			if o.watch && len(args) > 1 {
				return cli.Usagef("--watch goes with one volume; watch all with list --watch")
			}
			if err := o.Complete(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
		ValidArgsFunction: f.Complete(-1, cli.VolumeNames),
	}
	c.Flags().BoolVarP(&o.watch, "watch", "w", false, "After getting the volume, watch for changes.")
	o.Output.AddFlags(c)
	return c
}

// Run shows what was found, and then what was not.
func (o *getOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	if o.watch {
		return o.watchVolumes(ctx, client, nil, api.VolumeListOptions{Ref: o.names[0]})
	}
	list := &api.VolumeStatusList{TypeMeta: api.TypeMeta[api.VolumeStatusList]()}
	failed := cli.Each(ctx, o.names, client.Volumes().Get, func(v *api.VolumeStatus) error {
		list.Items = append(list.Items, *v)
		return nil
	})
	return errors.Join(o.print(list), failed)
}

func (o *getOptions) print(list *api.VolumeStatusList) error {
	switch {
	case len(list.Items) == 0:
		return nil
	case o.Output.Human():
		return o.Output.PrintTable(o.Printer, o.table(list.Items), o.Width(), o.Out)
	case len(o.names) == 1:
		return o.Printer.PrintObj(&list.Items[0], o.Out)
	}
	return o.Output.PrintList(o.Printer, list, o.Out)
}
