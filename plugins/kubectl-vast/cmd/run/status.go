package run

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/table"
	"github.com/kubevast/vast/internal/cli/term"
	"github.com/kubevast/vast/sdk/api"
)

type statusOptions struct {
	cli.Listing[api.WorkflowTask]
	ref string
}

func newStatus(f *cli.Factory) *cobra.Command {
	o := &statusOptions{Listing: cli.NewListing[api.WorkflowTask](f)}
	c := &cobra.Command{
		Use:     "status [RUN]",
		Aliases: []string{"describe", "get", "show"},
		Short:   "Show a run with its tasks",
		Long: templates.LongDesc(`
			Show a run with its tasks; without an argument, your newest one. The task of an attempt
			has an id of its own, which "kubectl vast status" and "kubectl vast logs" take. Of a task
			that is a campaign it is the id of the campaign, which "kubectl vast campaign status"
			takes.`),
		Example: templates.Examples(`
			# Show your newest run
			kubectl vast run status

			# Print the tasks that have failed
			kubectl vast run status x7k2m9qa -o jsonpath='{.tasks[?(@.status=="failed")].name}'`),
		Args:              cli.Args(0, 1, ""),
		ValidArgsFunction: f.Complete(1, ids),
		RunE: func(c *cobra.Command, args []string) error {
			o.ref = cli.ArgumentOr(args, "@latest")
			if err := o.Complete(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
	}
	o.AddListingFlags(c, columns(f))
	return c
}

// Run prints.
func (o *statusOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	r, err := client.Workflows().Get(ctx, o.ref)
	if err != nil {
		return err
	}
	all := columns(o.Factory)
	if err := cli.SortItems(o.Output, all, r.Tasks); err != nil {
		return err
	}
	if !o.Output.Human() {
		return o.Printer.PrintObj(r, o.Out)
	}
	head(o.Factory, o.Out, r)
	for _, problem := range r.Problems {
		fmt.Fprintf(o.Out, "Error:    %s\n", term.Words(problem))
	}
	if len(r.Tasks) == 0 {
		return nil
	}
	fmt.Fprintln(o.Out)
	t := all.Table()
	for i := range r.Tasks {
		all.Add(t, r, &r.Tasks[i])
	}
	if err := o.Output.PrintTable(o.Printer, t, o.Width(), o.Out); err != nil {
		return err
	}
	next(o.Factory, o.Out, r)
	return nil
}

// head prints a run without its tasks.
func head(f *cli.Factory, out io.Writer, r *api.WorkflowRun) {
	state := r.Phase
	if result := shownResult(r); result != "" {
		state += ", " + result
	}
	if r.Reason != "" && len(r.Problems) == 0 {
		state += ": " + r.Reason
	}
	fmt.Fprintf(out, "Run:      %s\nWorkflow: %s\nState:    %s\nTasks:    %d of %d ended, %d failed\n", r.ID, term.Words(r.WorkflowName),
		term.Words(state), ended(r), r.NumTasks, r.Failed)
	if r.StartTime != nil {
		fmt.Fprintf(out, "Started:  %s\n", cli.Moment(f, r.StartTime))
	}
	if r.EndTime != nil {
		fmt.Fprintf(out, "Ended:    %s\n", cli.Moment(f, r.EndTime))
	}
	if r.Driver != "" && !r.Ended() {
		fmt.Fprintf(out, "Driver:   %s\n", term.Words(r.Driver))
	}
}

func columns(f *cli.Factory) table.Columns[api.WorkflowTask] {
	type task = api.WorkflowTask
	return table.Columns[task]{
		{Name: "Task", Text: func(t *task) string { return t.Name }, Give: table.Give{Rank: 5, Least: 16, Middle: true}},
		{Name: "Status", Text: shownStatus, Give: table.State},
		{Name: "Attempt", Wide: true, Text: func(t *task) string { return fmt.Sprint(t.Attempt) }},
		{Name: "ID", Text: func(t *task) string { return cmp.Or(t.TaskID, t.Campaign) }, Give: table.ID},
		{Name: "Duration", Text: func(t *task) string { return f.Lasted(t.StartTime, t.EndTime) },
			Order: table.By(func(t *task) int64 { return int64(f.LastedFor(t.StartTime, t.EndTime)) }), Give: table.Give{Rank: 2}},
		{Name: "Depends", Wide: true, Text: func(t *task) string { return joined(t.Depends) }},
		{Name: "Job", Wide: true, Text: func(t *task) string { return t.Job }},
		{Name: "Arch", Wide: true, Text: func(t *task) string { return t.Arch }},
		{Name: "Reason", Text: func(t *task) string { return term.Words(t.Reason) }, Give: table.Give{Rank: 3, Least: 16}},
	}
}

// shownStatus is the status of a task in words: one that has not started may be scheduled.
func shownStatus(t *api.WorkflowTask) string {
	switch {
	case t.Status == "notstarted" && t.WaitingApproval:
		return "waiting"
	case t.Status == "notstarted" && t.Scheduled:
		return "starting"
	case t.Status == "notstarted":
		return "-"
	}
	return t.Status
}

func joined(names []string) string {
	const most = 5
	text := ""
	for i, name := range names {
		if i == most {
			return fmt.Sprintf("%s and %d more", text, len(names)-most)
		}
		if i > 0 {
			text += ","
		}
		text += name
	}
	return text
}
