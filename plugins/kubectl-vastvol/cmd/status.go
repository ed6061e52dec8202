package cmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/term"
	"github.com/kubevast/vast/sdk/api"
)

type statusOptions struct {
	*cli.Factory
	output *cli.DoneFlags
}

func newStatus(f *cli.Factory) *cobra.Command {
	o := &statusOptions{Factory: f, output: cli.NewDoneFlags(f)}
	c := &cobra.Command{
		Use:     "status NAME",
		Aliases: []string{"describe"},
		Short:   "Show the status of a volume, and what uses it",
		Args:    cli.Args(1, 1, "the name of a volume"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := o.output.Check(); err != nil {
				return err
			}
			return o.Run(c.Context(), args[0])
		},
		ValidArgsFunction: f.Complete(1, cli.VolumeNames),
	}
	o.output.AddFlags(c)
	return c
}

// Run shows the volume.
func (o *statusOptions) Run(ctx context.Context, name string) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	v, err := client.Volumes().Get(ctx, name)
	if err != nil {
		return err
	}
	if !o.output.Given() {
		return o.describe(v)
	}
	p, err := o.output.Printer("")
	if err != nil {
		return err
	}
	return p.PrintObj(v, o.Out)
}

func (o *statusOptions) describe(v *api.VolumeStatus) error {
	w := printers.GetNewTabWriter(o.Out)
	for _, row := range [][2]string{
		{"Name", v.VolumeName},
		{"Status", status(v)},
		{"Reason", v.Reason},
		{"Size", v.Size},
		{"Storage class", v.StorageClass},
		{"Access modes", strings.Join(v.AccessModes, ", ")},
		{"User", v.User},
		{"Namespace", v.Namespace},
		{"Claim", v.Name},
		{"Age", o.Age(v.CreationTimestamp)},
		{"Used by", strings.Join(v.UsedBy, ", ")},
	} {
		if row[1] != "" {
			fmt.Fprintf(w, "%s:\t%s\n", row[0], term.Line(row[1]))
		}
	}
	return w.Flush()
}
