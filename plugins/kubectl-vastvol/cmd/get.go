package cmd

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

type getOptions struct {
	tableOptions
	names   []string
	printer printers.ResourcePrinter
}

func newGet(f *cli.Factory) *cobra.Command {
	o := &getOptions{tableOptions: tableOptions{Factory: f, output: cli.NewGetFlags(f)}}
	c := &cobra.Command{
		Use:   "get NAME...",
		Short: "Show volumes by name",
		Example: templates.Examples(`
			# Print the name of the claim of a volume
			kubectl vastvol get data -o jsonpath='{.metadata.name}'`),
		Args: cli.Args(1, -1, "the name of a volume"),
		RunE: func(c *cobra.Command, args []string) error {
			o.names = args
			var err error
			if o.printer, err = o.output.Printer(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
		ValidArgsFunction: f.Complete(-1, cli.VolumeNames),
	}
	o.output.AddFlags(c)
	return c
}

// Run shows what was found, and then what was not.
func (o *getOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	list := &api.VolumeStatusList{TypeMeta: api.TypeMeta(api.KindVolumeList)}
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
	case o.output.Human():
		return o.output.PrintTable(o.printer, o.table(list.Items), o.Width(), o.Out)
	case len(o.names) == 1:
		return o.printer.PrintObj(&list.Items[0], o.Out)
	}
	return o.output.PrintList(o.printer, list, o.Out)
}
