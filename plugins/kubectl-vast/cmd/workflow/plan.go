// Package workflow has the commands of kubectl vast for files of workflows.
package workflow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/table"
	"github.com/kubevast/vast/internal/cli/term"
	"github.com/kubevast/vast/internal/files"
	"github.com/kubevast/vast/internal/workflow/draw"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/submission"
	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// The formats of -o that are not kubectl's.
const (
	asTable   = "table"
	asDOT     = "dot"
	asMermaid = "mermaid"
)

type planOptions struct {
	*cli.Factory
	submission.Flags
	path     string
	outcomes []string
	plan     api.WorkflowPlanOptions
	output   *cli.DoneFlags
	printer  printers.ResourcePrinter
}

// NewPlan returns kubectl vast plan.
func NewPlan(f *cli.Factory) *cobra.Command {
	o := &planOptions{Factory: f, output: cli.NewDoneFlags(f)}
	c := &cobra.Command{
		Use:   "plan FILE",
		Short: "Print which tasks of a workflow run, are skipped or wait",
		Long: templates.LongDesc(`
			Print which tasks of a workflow run, are skipped or wait, and how the run ends.

			The decisions are those of a run in a cluster; no cluster is contacted. Tasks succeed
			unless --outcome says otherwise, and tasks that run at the same time end at the same
			time. A task that requires approval waits unless --approve or --reject names it. In
			these options the name of a matrix stands for all of its tasks.

			In JSON and YAML a file with problems is a plan with the phase "setuperror" and the
			problems. The exit code is 2 then, and 0 for all other plans.

			A FILE may be "-" for standard input, or a URL.`),
		Example: templates.Examples(`
			# Print what runs if every task succeeds
			kubectl vast plan workflow.yaml

			# Print what happens if a task fails
			kubectl vast plan workflow.yaml --outcome=train=failed

			# Print what happens if a task is evicted, which may be retried
			kubectl vast plan workflow.yaml --outcome=train=Evicted

			# Assume that a task is approved, and that two tasks run at the same time
			kubectl vast plan workflow.yaml --approve=deploy --slots=2

			# Print how the run ends when it is stopped as soon as a task starts
			kubectl vast plan workflow.yaml --stop-at=train -o json

			# Draw the graph with the states
			kubectl vast plan workflow.yaml -o dot | dot -Tsvg > workflow.svg`),
		Args: cli.Args(1, 1, "a workflow file"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return []string{"yaml", "yml", "json"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(c *cobra.Command, args []string) error {
			o.path = args[0]
			if err := o.complete(); err != nil {
				return err
			}
			return o.run(c.Context())
		},
	}
	p := c.Flags()
	p.StringArrayVar(&o.outcomes, "outcome", nil, `How a task ends, as TASK=OUTCOME: "success", "failed", "stopped", "cancelled", "timedout", or the cause of a failure, such as "Evicted". Can be repeated.`)
	p.StringSliceVar(&o.plan.Approve, "approve", nil, "Task that is approved as soon as it could run. Can be repeated, or separated by commas.")
	p.StringSliceVar(&o.plan.Reject, "reject", nil, "Task that is rejected as soon as it could run. Can be repeated, or separated by commas.")
	p.IntVar(&o.plan.Slots, "slots", 0, "Number of tasks that run at the same time (0: no limit).")
	p.StringVar(&o.plan.StopAt, "stop-at", "", "Task at whose start the run is stopped.")
	submission.AddValues(p, &o.Inputs, &o.Env)
	submission.AddSecrets(p, &o.Secret)
	o.output.AddFlags(c)
	format := p.Lookup("output")
	format.Usage = "Output format. One of: (" + strings.Join(o.formats(), ", ") + ")."
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(o.formats(), cobra.ShellCompDirectiveNoFileComp))
	for flag, suffix := range map[string]string{"outcome": "=", "approve": "", "reject": "", "stop-at": ""} {
		_ = c.RegisterFlagCompletionFunc(flag, o.completeTasks(suffix))
	}
	return c
}

// formats are the values of -o. There is nothing that -o name could name.
func (o *planOptions) formats() []string {
	all := slices.DeleteFunc(o.output.AllowedFormats(), func(f string) bool { return f == "name" })
	return append([]string{asTable, asDOT, asMermaid}, all...)
}

// complete checks the flags before anything is read.
func (o *planOptions) complete() (err error) {
	format, _, _ := strings.Cut(*o.output.OutputFormat, "=")
	switch format {
	case asTable, asDOT, asMermaid:
	default:
		if format != "" && !slices.Contains(o.formats(), format) {
			return cli.Usagef("%q is no output format of this command; one of %s", format, strings.Join(o.formats(), ", "))
		}
		if o.output.Given() {
			if o.printer, err = o.output.Printer(""); err != nil {
				return err
			}
		}
	}
	if o.plan.Outcome, err = cli.Pairs("--outcome", o.outcomes); err != nil {
		return err
	}
	return o.StdinOnce(o.path)
}

func (o *planOptions) run(ctx context.Context) error {
	in, errIn := o.inputs(ctx)
	data, err := o.Files().Read(ctx, o.path, spec.MaxCampaignBytes)
	if err = errors.Join(err, errIn); err != nil {
		return err
	}
	plan, err := sdk.PlanWorkflow(files.Name(o.path), data, in, o.plan)
	if err != nil {
		if plan != nil && o.printer != nil && api.IsInvalidSpec(err) {
			if failed := o.printer.PrintObj(plan, o.Out); failed != nil {
				return failed
			}
		}
		return err
	}
	switch *o.output.OutputFormat {
	case asDOT:
		_, err = fmt.Fprint(o.Out, draw.DOT(graph(plan)))
	case asMermaid:
		_, err = fmt.Fprint(o.Out, draw.Mermaid(graph(plan)))
	default:
		if o.printer == nil {
			return o.print(plan)
		}
		err = o.printer.PrintObj(plan, o.Out)
	}
	return err
}

// inputs are what the flags add to the file.
func (o *planOptions) inputs(ctx context.Context) (spec.Inputs, error) {
	in, err := o.ReadInputs(ctx, o.Factory)
	in.Context, in.Look = o.GivenContext(), true
	return in, err
}

// print prints a plan for people to read.
func (o *planOptions) print(plan *api.WorkflowPlan) error {
	var out bytes.Buffer
	t := &table.TextTable{}
	t.Column("Task", table.ID)
	t.Column("Step", table.Give{Rank: 1})
	t.Column("Status", table.State)
	t.Column("Reason", table.Give{})
	counts := map[string]int{}
	for i := range plan.Details {
		task := &plan.Details[i]
		counts[task.Status]++
		step, status, reason := "", task.Status, task.Reason
		if task.Step > 0 {
			step = strconv.Itoa(task.Step)
		}
		if status == draw.Waiting {
			status = "waiting"
		}
		if task.Attempts > 1 {
			status += fmt.Sprintf(" (attempt %d)", task.Attempts)
		}
		t.Row(term.Cell(task.Name), step, status, term.Cell(reason))
	}
	if len(plan.Details) > 0 {
		for _, line := range t.Lines(o.Width()) {
			fmt.Fprintln(&out, strings.TrimRight(line, " "))
		}
		fmt.Fprintln(&out)
	}
	w := printers.GetNewTabWriter(&out)
	fmt.Fprintf(w, "Phase:\t%s\nResult:\t%s\n", plan.Phase, plan.Result)
	if len(plan.Events) > 0 {
		fmt.Fprintf(w, "Events:\t%s\n", strings.Join(plan.Events, ", "))
	}
	var words []string
	for _, status := range []string{"success", "failed", "stopped", "running", draw.Waiting, "notstarted", "skipped", "cancelled"} {
		if n := counts[status]; n > 0 {
			words = append(words, fmt.Sprintf("%d %s", n, strings.TrimPrefix(status, "notstarted+")))
		}
	}
	if len(words) > 0 {
		fmt.Fprintf(w, "Tasks:\t%s\n", strings.Join(words, ", "))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return term.WriteText(o.Out, out.String())
}

// graph is what is drawn of a plan.
func graph(plan *api.WorkflowPlan) draw.Graph {
	g := draw.Graph{Title: plan.WorkflowName}
	for _, t := range plan.Details {
		g.Tasks = append(g.Tasks, draw.Task{Name: t.Name, Status: t.Status, Depends: t.Depends})
	}
	return g
}

// completeTasks completes the tasks of the file that is on the command line.
func (o *planOptions) completeTasks(suffix string) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		directive := cobra.ShellCompDirectiveNoFileComp
		if suffix != "" {
			directive |= cobra.ShellCompDirectiveNoSpace
		}
		if len(args) == 0 || files.IsStream(args[0]) || files.IsURL(args[0]) {
			return nil, directive
		}
		data, err := o.Files().Read(c.Context(), args[0], spec.MaxCampaignBytes)
		if err != nil {
			return nil, directive
		}
		in, err := o.inputs(c.Context())
		if err != nil {
			return nil, directive
		}
		w, err := spec.ParseWorkflow(args[0], data, in)
		if err != nil {
			return nil, directive
		}
		var names []string
		for _, t := range w.Tasks {
			if strings.HasPrefix(t.Graph.Name, prefix) {
				names = append(names, t.Graph.Name+suffix)
			}
		}
		return names, directive
	}
}
