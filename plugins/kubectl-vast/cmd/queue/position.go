package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/term"
	"github.com/kubevast/vast/sdk/api"
)

func newPosition(f *cli.Factory) *cobra.Command {
	output := cli.NewDoneFlags(f)
	c := &cobra.Command{
		Use:   "position ID",
		Short: "Show the position of a task, and why it waits",
		Long: templates.LongDesc(`
			Show the position of a task in its queue, how many are ahead of it, why it waits, and
			its estimated start.

			For a task that does not wait the exit code is 5, and the message has its state.`),
		Example: templates.Examples(`
			# Show the position of your newest task
			kubectl vast queue position @latest

			# Print the position only
			kubectl vast queue position x7k2m9qa -o jsonpath='{.position}'`),
		Args:              cli.Args(1, 1, "the id of a task"),
		ValidArgsFunction: f.Complete(1, cli.TaskIDs(api.Queued)),
		RunE: func(c *cobra.Command, args []string) error {
			if err := output.Check(); err != nil {
				return err
			}
			return showPosition(c.Context(), f, args[0], output)
		},
	}
	output.AddFlags(c)
	return c
}

func showPosition(ctx context.Context, f *cli.Factory, ref string, output *cli.DoneFlags) error {
	client, err := f.Client()
	if err != nil {
		return err
	}
	task, err := client.Queues().Position(ctx, ref)
	if err != nil {
		return err
	}
	if !output.Given() {
		return describePosition(f, task)
	}
	p, err := output.Printer("")
	if err != nil {
		return err
	}
	return p.PrintObj(task, f.Out)
}

// describePosition prints a task's position in the human-readable form.
func describePosition(f *cli.Factory, t *api.QueuedTask) error {
	w := printers.GetNewTabWriter(f.Out)
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%s:\t%s\n", name, term.Line(value))
		}
	}
	line("Task", t.ID+" "+t.TaskName)
	line("Queue", t.Queue+behind(t))
	line("Position", positionWords(t))
	line("Waiting", f.Age(t.Since)+priorityWords(t))
	line("Reason", t.Reason)
	if t.Evicted != "" {
		line("Put back", fmt.Sprintf("%s; in the queue again since %s", t.Evicted, t.Since.Local().Format(time.TimeOnly)))
	}
	if t.EstimatedStart != nil {
		line("Starts", fmt.Sprintf("in %s (an estimate from the recent pace)", startsIn(t, f.Now())))
	}
	return w.Flush()
}

func behind(t *api.QueuedTask) string {
	if t.ClusterQueue == "" {
		return ""
	}
	return ", which shares the quota of ClusterQueue " + t.ClusterQueue
}

// positionWords is the place with who is ahead in numbers.
func positionWords(t *api.QueuedTask) string {
	if t.Position == 0 {
		return "none"
	}
	words := fmt.Sprintf("%d: %d ahead", t.Position, t.Position-1)
	if here := t.QueuePosition - 1; t.Position > 1 && t.QueuePosition > 0 {
		words += fmt.Sprintf(", %d of them in this queue", here)
	}
	if t.PositionPartial {
		words += " (counting only what you may see)"
	}
	return words
}

func priorityWords(t *api.QueuedTask) string {
	switch {
	case t.PriorityClass != "":
		return fmt.Sprintf(", with priority %s (%d)", t.PriorityClass, t.Priority)
	case t.Priority != 0:
		return fmt.Sprintf(", with priority %d", t.Priority)
	}
	return ""
}
