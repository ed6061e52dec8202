package queue

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

// holdOptions are what hold and resume have in common.
type holdOptions struct {
	*cli.Factory
	done   string // "held", "resumed"
	name   string
	hold   api.QueueHoldOptions
	dryRun cli.DryRunFlag
	output *cli.DoneFlags
	change func(context.Context, cli.Client) (*api.QueueStatus, error)
	// note returns what the one line cannot contain.
	note func(*api.QueueStatus) string
}

func newHold(f *cli.Factory) *cobra.Command {
	o := &holdOptions{Factory: f, done: "held", note: func(q *api.QueueStatus) string {
		return fmt.Sprintf("Nothing more starts from it (waiting: %d). Let it go on with: %s", q.Pending, f.Hint().Vast("queue", "resume", q.Name))
	}}
	o.change = func(ctx context.Context, client cli.Client) (*api.QueueStatus, error) {
		return client.Queues().Hold(ctx, o.name, o.hold)
	}
	c := &cobra.Command{
		Use:   "hold [NAME]",
		Short: "Hold a queue: nothing more is admitted",
		Long: templates.LongDesc(`
			Hold a queue: nothing more is admitted until it is resumed. Waiting tasks keep their
			position, and more can be submitted. Running tasks continue, unless --drain evicts
			them into the queue.

			Without a name it is the default queue of tasks.`),
		Example: templates.Examples(`
			# Hold the default queue of the current namespace
			kubectl vast queue hold

			# Hold queue night, and evict what it runs
			kubectl vast queue hold night --drain`),
	}
	o.add(c)
	c.Flags().BoolVar(&o.hold.Drain, "drain", false, "Also evict running tasks into the queue.")
	return c
}

func (o *holdOptions) add(c *cobra.Command) {
	o.output = cli.NewDoneFlags(o.Factory)
	c.Args = cli.Args(0, 1, "")
	c.ValidArgsFunction = o.Complete(1, cli.QueueNames)
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			if o.name = args[0]; o.name == "" {
				return cli.Usagef("the queue has no name; leave it out to mean the one that tasks join by default")
			}
		}
		if err := o.output.Check(); err != nil {
			return err
		}
		return o.Run(c.Context())
	}
	o.dryRun.Add(c)
	o.output.AddFlags(c)
	c.Flags().StringVar(&o.hold.FieldManager, "field-manager", cli.FieldManager, "Name of the manager used to track field ownership.")
}

// Run changes the queue, and prints the consequences.
func (o *holdOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	o.ShowTarget(client.Namespace())
	o.hold.DryRun = o.dryRun.Value
	queue, err := o.change(ctx, client)
	if err != nil {
		return err
	}
	p, err := o.output.Printer(o.dryRun.Operation(o.done))
	if err != nil {
		return err
	}
	if err := p.PrintObj(queue, o.Out); err != nil {
		return err
	}
	if note := o.note(queue); note != "" && o.dryRun.Value == api.DryRunNone {
		o.Notef("%s", note)
	}
	return nil
}
