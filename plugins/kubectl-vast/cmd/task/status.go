package task

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

type statusOptions struct {
	*cli.Factory
	refs   []string
	output *cli.DoneFlags
}

// NewStatus returns kubectl vast status.
func NewStatus(f *cli.Factory) *cobra.Command {
	o := &statusOptions{Factory: f, output: cli.NewDoneFlags(f)}
	c := &cobra.Command{
		Use:     "status ID...",
		Aliases: []string{"describe"},
		Short:   "Show the status of tasks, with diagnosis and events",
		Long: templates.LongDesc(`
			Show the status of tasks: the state and its reason, a diagnosis with a fix if something
			is wrong, the nodes, and the latest events.`),
		Example: templates.Examples(`
			# Show the newest task
			kubectl vast status @latest

			# Print the state only
			kubectl vast status x7k2m9qa -o jsonpath='{.state}'`),
		Args: cli.Args(1, -1, "the id of a task"),
		RunE: func(c *cobra.Command, args []string) error {
			o.refs = args
			if err := o.output.Check(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
		ValidArgsFunction: f.Complete(-1, cli.TaskIDs()),
	}
	o.output.AddFlags(c)
	return c
}

// Run shows the tasks. One that cannot be shown does not keep the others from it.
func (o *statusOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	list := &api.TaskStatusList{TypeMeta: api.TypeMeta[api.TaskStatusList]()}
	failed := cli.Each(ctx, o.refs,
		func(ctx context.Context, ref string) (*api.TaskStatus, error) {
			t, err := client.Tasks().Get(ctx, ref)
			if err != nil {
				return nil, cli.OrCampaign(o.Factory, ref, err, "campaign", "status", "ID")
			}
			return t, nil
		},
		func(t *api.TaskStatus) error {
			list.Items = append(list.Items, *t)
			return nil
		})
	return errors.Join(o.print(list), failed)
}

func (o *statusOptions) print(list *api.TaskStatusList) error {
	if !o.output.Given() {
		for i := range list.Items {
			if i > 0 {
				fmt.Fprintln(o.Out)
			}
			if err := describe(o.Factory, &list.Items[i]); err != nil {
				return err
			}
		}
		return nil
	}
	p, err := o.output.Printer("")
	switch {
	case err != nil:
		return err
	case len(o.refs) == 1 && len(list.Items) == 1:
		return p.PrintObj(&list.Items[0], o.Out)
	case len(list.Items) == 0:
		return nil
	}
	return p.PrintObj(list, o.Out)
}
