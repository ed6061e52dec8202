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
	cli.Deletion
	names          []string
	wait           bool
	ignoreNotFound bool
}

func newDelete(f *cli.Factory) *cobra.Command {
	o := &deleteOptions{Deletion: cli.NewDeletion(f)}
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
			if err := o.Output.Check(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
		ValidArgsFunction: f.Complete(-1, cli.VolumeNames),
	}
	p := c.Flags()
	p.BoolVar(&o.wait, "wait", false, "Wait until the volumes are gone.")
	p.BoolVar(&o.ignoreNotFound, "ignore-not-found", false, `Treat "volume not found" as a success.`)
	o.AddFlags(c)
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
	question := func(context.Context) (string, []string, error) {
		return fmt.Sprintf("Delete %s with all data?", strings.Join(o.names, ", ")), o.names, nil
	}
	return cli.Delete(ctx, &o.Deletion, question, o.names, func(ctx context.Context, name string) ([]*api.VolumeStatus, error) {
		v, err := client.Volumes().Delete(ctx, name, api.VolumeDeleteOptions{DryRun: o.DryRun.Value, Wait: o.wait})
		var missing *api.NotFoundError
		if o.ignoreNotFound && errors.As(err, &missing) && missing.Kind != "namespace" {
			return nil, nil
		}
		return []*api.VolumeStatus{v}, err
	})
}
