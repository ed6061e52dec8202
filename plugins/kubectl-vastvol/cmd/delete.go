package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

type deleteOptions struct {
	*cli.Factory
	names          []string
	yes, wait      bool
	ignoreNotFound bool
	dryRun         cli.DryRunFlag
	output         *cli.DoneFlags
}

func newDelete(f *cli.Factory) *cobra.Command {
	o := &deleteOptions{Factory: f, output: cli.NewDoneFlags(f)}
	c := &cobra.Command{
		Use:     "delete NAME...",
		Aliases: []string{"rm"},
		Short:   "Delete volumes with their data",
		Long: templates.LongDesc(`
			Delete volumes with their data. A volume that a task or a pod uses is not deleted.`),
		Example: templates.Examples(`
			# Delete a volume, after a confirmation
			kubectl vastvol delete data

			# Delete a volume, and do not ask
			kubectl vastvol delete data --yes`),
		Args: cli.Args(1, -1, "the name of a volume"),
		RunE: func(c *cobra.Command, args []string) error {
			o.names = args
			if err := o.output.Check(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
		ValidArgsFunction: f.Complete(-1, cli.VolumeNames),
	}
	p := c.Flags()
	p.BoolVarP(&o.yes, "yes", "y", false, "Do not ask for confirmation.")
	p.BoolVar(&o.wait, "wait", false, "Wait until the volumes are gone.")
	p.BoolVar(&o.ignoreNotFound, "ignore-not-found", false, `Treat "volume not found" as a success.`)
	o.dryRun.Add(c)
	o.output.AddFlags(c)
	return c
}

// Run deletes the volumes. Each is reported, and one that cannot be deleted
// does not keep the others.
func (o *deleteOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	o.ShowTarget(client.Namespace())
	if !o.yes && o.dryRun.Value == api.DryRunNone {
		goOn, err := o.Confirm(ctx, fmt.Sprintf("Delete %s with all data?", strings.Join(o.names, ", ")))
		if err != nil || !goOn {
			return err
		}
	}
	return cli.Each(ctx, o.names,
		func(ctx context.Context, name string) (*api.VolumeStatus, error) {
			v, err := client.Volumes().Delete(ctx, name, api.VolumeDeleteOptions{DryRun: o.dryRun.Value, Wait: o.wait})
			var missing *api.NotFoundError
			if o.ignoreNotFound && errors.As(err, &missing) && missing.Kind != "namespace" {
				return nil, nil
			}
			return v, err
		},
		func(v *api.VolumeStatus) error {
			if v == nil {
				return nil
			}
			p, err := o.output.Printer(o.dryRun.Operation("deleted"))
			if err != nil {
				return err
			}
			return p.PrintObj(v, o.Out)
		})
}
