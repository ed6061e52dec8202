package cmd

import (
	"context"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
)

type statusOptions struct {
	*cli.Factory
	ref    string
	output *cli.DoneFlags
}

func newStatus(f *cli.Factory) *cobra.Command {
	o := &statusOptions{Factory: f, output: cli.NewDoneFlags()}
	c := &cobra.Command{
		Use:     "status ID",
		Aliases: []string{"describe"},
		Short:   "Show how a task stands, why, and what to do",
		Long: templates.LongDesc(`
			Show how a task stands, why, and what to do about it: its nodes, the latest
			events, and the diagnosis when it is not well.`),
		Example: templates.Examples(`
			# The newest task
			kubectl vast status @latest

			# Only the state, for a script
			kubectl vast status x7k2m9qa -o jsonpath='{.state}'`),
		Args: cli.Args(1, 1, "the id of a task"),
		RunE: func(c *cobra.Command, args []string) error {
			o.ref = args[0]
			if err := o.output.Check(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
		ValidArgsFunction: f.Complete(1, cli.TaskIDs()),
	}
	o.output.AddFlags(c)
	return c
}

// Run shows the task.
func (o *statusOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	t, err := client.Task().Get(ctx, o.ref)
	if err != nil {
		return orCampaign(o.Factory, o.ref, err, "campaign", "status", "ID")
	}
	if !o.output.Given() {
		return describe(o.Factory, t)
	}
	p, err := o.output.Printer("")
	if err != nil {
		return err
	}
	return p.PrintObj(t, o.Out)
}
