package task

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

// endOptions are what stop and delete have in common: they name some tasks or
// all of one's own, and end them.
type endOptions struct {
	*cli.Factory
	verb, done     string // "stop", "stopped"
	states         []api.State
	refs           []string
	all, yes       bool
	ignoreNotFound bool
	dryRun         cli.DryRunFlag
	output         *cli.DoneFlags
	// end does it to one task. It returns the task, and what to say instead
	// of done where that is not true.
	end func(context.Context, cli.Client, string) (*api.TaskStatus, string, error)
}

func (o *endOptions) add(c *cobra.Command) {
	o.output = cli.NewDoneFlags(o.Factory)
	p := c.Flags()
	p.BoolVar(&o.all, "all", false, "All your tasks in the namespace"+map[bool]string{true: " that have not ended"}[len(o.states) > 0]+".")
	p.BoolVarP(&o.yes, "yes", "y", false, "Do not ask for confirmation of --all.")
	p.BoolVar(&o.ignoreNotFound, "ignore-not-found", false, `Treat "task not found" as a success.`)
	o.dryRun.Add(c)
	o.output.AddFlags(c)
	c.Args = cli.Args(0, -1, "")
	c.ValidArgsFunction = o.Complete(-1, cli.TaskIDs(o.states...))
	c.RunE = func(c *cobra.Command, args []string) error {
		o.refs = args
		if err := o.Validate(c); err != nil {
			return err
		}
		return o.Run(c.Context())
	}
}

// Validate reports wrong combinations of arguments.
func (o *endOptions) Validate(c *cobra.Command) error {
	switch {
	case o.all && len(o.refs) > 0:
		return cli.Usagef("name tasks or give --all, not both")
	case !o.all && len(o.refs) == 0:
		return cli.Usagef("the id of a task is missing: %s", c.UseLine())
	}
	return o.output.Check()
}

// Run ends the tasks. Each is reported, and one that fails does not keep the
// others from being ended.
func (o *endOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	o.ShowTarget(client.Namespace())
	if o.all {
		if goOn, err := o.selectAll(ctx, client); err != nil || !goOn {
			return err
		}
	}
	type ended struct {
		task *api.TaskStatus
		said string
	}
	return cli.Each(ctx, o.refs,
		func(ctx context.Context, ref string) (ended, error) {
			task, said, err := o.end(ctx, client, ref)
			var missing *api.NotFoundError
			if o.ignoreNotFound && errors.As(err, &missing) && missing.Kind == "task" {
				return ended{}, nil
			}
			return ended{task, said}, err
		},
		func(e ended) error {
			if e.task == nil {
				return nil
			}
			if e.said == "" {
				e.said = o.dryRun.Operation(o.done)
			}
			p, err := o.output.Printer(e.said)
			if err != nil {
				return err
			}
			return p.PrintObj(e.task, o.Out)
		})
}

// selectAll prints all tasks of --all, and prompts. It returns false when
// there is nothing to do.
func (o *endOptions) selectAll(ctx context.Context, client cli.Client) (bool, error) {
	list, err := client.Tasks().List(ctx, api.TaskListOptions{States: o.states})
	if err != nil {
		return false, err
	}
	names := make([]string, 0, len(list.Items))
	for _, t := range list.Items {
		o.refs = append(o.refs, t.Name)
		names = append(names, t.Name)
	}
	if len(names) == 0 {
		o.Notef("No tasks of yours to %s in %s namespace.", o.verb, client.Namespace())
		return false, nil
	}
	if o.yes || o.dryRun.Value != api.DryRunNone {
		return true, nil
	}
	return o.Confirm(ctx, fmt.Sprintf("%s %s (%s)?",
		strings.ToUpper(o.verb[:1])+o.verb[1:], text.Count(len(o.refs), "task"), text.First(names, 5)))
}
