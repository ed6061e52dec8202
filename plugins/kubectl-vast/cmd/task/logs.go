package task

import (
	"context"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

type logsOptions struct {
	*cli.Factory
	ref        string
	follow     bool
	nodes      []int
	container  string
	tail       int64
	since      cli.Timeout
	timestamps bool
}

// NewLogs returns kubectl vast logs.
func NewLogs(f *cli.Factory) *cobra.Command {
	o := &logsOptions{Factory: f, tail: -1}
	c := &cobra.Command{
		Use:   "logs ID",
		Short: "Print the logs of a task",
		Long: templates.LongDesc(`
			Print the logs of a task.

			If a task has several nodes, each line begins with the number of its node. With -f
			the logs are followed until the task ends, and the exit code is that of the task.`),
		Example: templates.Examples(`
			# Print what the newest task has written so far
			kubectl vast logs @latest

			# Follow a task until it ends
			kubectl vast logs x7k2m9qa -f

			# Print the last 20 lines of the first node, with timestamps
			kubectl vast logs x7k2m9qa --node=0 --tail=20 --timestamps

			# Print the logs of another container of a run of your newest campaign
			kubectl vast logs @latest/a-1/0 -c nav`),
		Args: cli.Args(1, 1, "the id of a task"),
		RunE: func(c *cobra.Command, args []string) error {
			o.ref = args[0]
			if err := o.Validate(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
		ValidArgsFunction: f.Complete(1, cli.TaskIDs()),
	}
	p := c.Flags()
	p.BoolVarP(&o.follow, "follow", "f", o.follow, "Follow the logs until the task has ended.")
	p.IntSliceVar(&o.nodes, "node", o.nodes, "Only the logs of this node, from 0. Can be repeated.")
	p.StringVarP(&o.container, "container", "c", o.container, "Print the logs of this container instead of the main one.")
	p.Int64Var(&o.tail, "tail", o.tail, "Lines of recent log of each node to print (-1: all).")
	p.Var(&o.since, "since", "Only logs newer than a duration like 5s, 2m, or 3h (0: all).")
	p.BoolVar(&o.timestamps, "timestamps", o.timestamps, "Include a timestamp on each line.")
	return c
}

// Validate reports wrong values of flags.
func (o *logsOptions) Validate() error {
	if o.tail < -1 {
		return cli.Usagef("--tail must be -1 or more")
	}
	for _, n := range o.nodes {
		if n < 0 {
			return cli.Usagef("--node counts from 0")
		}
	}
	return nil
}

// Run prints the logs.
func (o *logsOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	t, err := client.Tasks().Get(ctx, o.ref)
	if err != nil {
		return cli.OrCampaign(o.Factory, o.ref, err, "logs", "ID/CONFIG/RUN")
	}
	for _, n := range o.nodes {
		if n >= t.NumNodes {
			return cli.Usagef("--node=%d: task %s has the nodes 0 to %d", n, t.ID, t.NumNodes-1)
		}
	}
	read := api.LogOptions{Follow: o.follow, Nodes: o.nodes, Container: o.container, Since: time.Duration(o.since)}
	if o.tail >= 0 {
		read.Tail = &o.tail
	}
	printed, err := streamLogs(ctx, o.Factory, client, t.Name, t.NumNodes > 1, o.timestamps, read)
	if !o.follow {
		if err == nil && !printed && t.Reason != "" {
			// Most often it could not start, and the user looks for the reason here.
			o.Notef("There is no log. Task %s is %s: %s; see: %s", t.ID, t.State, t.Reason, o.Hint().Vast("status", t.ID))
		}
		return err
	}
	return endReport(ctx, o.Factory, client, t.Name, err)
}
