package share

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/term"
	"github.com/kubevast/vast/sdk/api"
)

type stopOptions struct {
	*cli.Factory
	name   string
	dryRun cli.DryRunFlag
	output *cli.DoneFlags
}

func newStop(f *cli.Factory) *cobra.Command {
	o := &stopOptions{Factory: f, output: cli.NewDoneFlags(f)}
	c := &cobra.Command{
		Use:     "stop [UPLOAD]",
		Aliases: []string{"cancel"},
		Short:   "Stop an upload to a share",
		Long: templates.LongDesc(`
			Stop an upload that has not ended, and wait until its pod has. Without a name, stop
			the only one of the namespace.

			What has arrived stays on the share, archives and results stay in the store, and
			"kubectl vast share upload" continues.`),
		Example: templates.Examples(`
			# Stop the upload that is running
			kubectl vast share stop

			# Stop one of several
			kubectl vast share stop share-webdav-x7k2m9qa`),
		Args:              cli.Args(0, 1, ""),
		ValidArgsFunction: f.Complete(1, completeUploads),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.name = uploadName(args[0])
			}
			if err := o.output.Check(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
	}
	o.dryRun.Add(c)
	o.output.AddFlags(c)
	return c
}

// Run stops it.
func (o *stopOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	o.ShowTarget(client.Namespace())
	u, err := client.Shares().Stop(ctx, o.name, api.ShareStopOptions{DryRun: o.dryRun.Value})
	if err != nil {
		return err
	}
	if u.State == api.Succeeded && !o.output.Given() {
		fmt.Fprintf(o.Out, "%s has ended before: %s\n", u.Name, term.Words(string(u.State)))
		return nil
	}
	p, err := o.output.Printer(o.dryRun.Operation("stopped"))
	if err != nil {
		return err
	}
	return p.PrintObj(u, o.Out)
}
