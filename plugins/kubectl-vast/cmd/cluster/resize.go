package cluster

import (
	"context"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/table"
	"github.com/kubevast/vast/sdk/api"
)

type resizeOptions struct {
	*cli.Factory
	quota  []string
	dryRun cli.DryRunFlag
	output *cli.DoneFlags
}

func newResize(f *cli.Factory) *cobra.Command {
	o := &resizeOptions{Factory: f, output: cli.NewDoneFlags(f)}
	c := &cobra.Command{
		Use:   "resize",
		Short: "Measure the quota again, after nodes were added or removed",
		Long: templates.LongDesc(`
			Measure the quota again: the capacity of the nodes that can run tasks, less the
			requests of other pods. Pods of the queue count as part of the quota.

			All namespaces of the cluster that are set up share the quota.`),
		Example: templates.Examples(`
			# Show what would change
			kubectl vast cluster resize --dry-run=client

			# Measure the quota, but set the one of CPU
			kubectl vast cluster resize --quota cpu=56`),
		Args: cli.Args(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := o.output.Check(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
	}
	c.Flags().StringSliceVar(&o.quota, "quota", nil, "Quota of resources, instead of the measured one, as in cpu=64,memory=256Gi.")
	o.dryRun.Add(c)
	o.output.AddFlags(c)
	return c
}

// Run measures, and prints the quota before and after.
func (o *resizeOptions) Run(ctx context.Context) error {
	quota, err := cli.Pairs("--quota", o.quota)
	if err != nil {
		return err
	}
	client, err := o.Client()
	if err != nil {
		return err
	}
	o.ShowTarget(client.Namespace())
	sized, err := client.Cluster().Resize(ctx, api.ClusterResizeOptions{Quota: quota, DryRun: o.dryRun.Value})
	if err != nil {
		return err
	}
	if o.output.Given() {
		p, err := o.output.Printer("")
		if err != nil {
			return err
		}
		return p.PrintObj(sized, o.Out)
	}
	rows := &table.TextTable{}
	rows.Column("Resource", table.ID)
	rows.Column("Before", table.Give{})
	rows.Column("After", table.Give{})
	for _, r := range sized.Resources {
		before := r.Before
		if before == "" {
			before = "<none>"
		}
		rows.Row(r.Resource, before, r.After)
	}
	cli.WriteTable(o.Factory, o.Out, rows)
	if !sized.Changed {
		o.Notef("The quota was right already; nothing was changed.")
	} else if o.dryRun.Value != api.DryRunNone {
		o.Notef("Nothing was changed%s.", o.dryRun.Operation(""))
	}
	return nil
}
