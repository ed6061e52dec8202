package cmd

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

type resultsListOptions struct {
	*cli.Factory
	query   resultFlags
	output  *cli.GetFlags
	printer printers.ResourcePrinter
}

func newResultsList(f *cli.Factory) *cobra.Command {
	o := &resultsListOptions{Factory: f, output: cli.NewGetFlags()}
	c := &cobra.Command{
		Use:     "list [ID]",
		Aliases: []string{"ls"},
		Short:   "List results",
		Long: templates.LongDesc(`
			List results: of a task one for each node, of a campaign one for each run.
			Without an ID all of yours in the namespace, a campaign on one line.`),
		Example: templates.Examples(`
			# All that is kept of yours in the current namespace
			kubectl vast results list

			# The runs of a campaign that failed
			kubectl vast results list sweep-2026-11-21-101500 --failed

			# How many bytes a task has left behind
			kubectl vast results list x7k2m9qa -o json | jq '[.items[].bytes] | add'`),
		Args:              cli.Args(0, 1, ""),
		ValidArgsFunction: f.Complete(1, completeResults),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.query.Of = args[0]
			}
			var err error
			if o.printer, err = o.output.Printer(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
	}
	o.query.add(c, true)
	c.Flags().BoolVar(&o.query.AllUsers, "all-users", false, "List everybody's, not only yours.")
	o.output.AddFlags(c)
	return c
}

// Run lists.
func (o *resultsListOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	list, err := client.Result().List(ctx, o.query.ResultOptions)
	if err != nil {
		return err
	}
	if !o.output.Human() {
		return o.output.PrintList(o.printer, list, o.Out)
	}
	if len(list.Items) == 0 {
		o.Notef("No results found in %s namespace.", client.Namespace())
		if o.query.Of == "" && !o.query.AllUsers {
			o.Notef("(These would be yours: add --all-users for everybody's.)")
		}
		return nil
	}
	return o.printer.PrintObj(o.table(list.Items), o.Out)
}

// table has one line for each result. The name is what the other commands take;
// it is never cut.
func (o *resultsListOptions) table(results []api.Result) runtime.Object {
	t := &cli.Table{}
	named := false
	for i := range results {
		named = named || results[i].Campaign == "" // a run's says it already
	}
	t.Column("Result", false)
	if named {
		t.Column("Name", false)
	}
	t.Column("State", false)
	t.Column("Files", false)
	t.Column("Size", false)
	t.Column("Ended", false)
	t.Column("User", !o.query.AllUsers)
	t.Column("Exit", true)
	t.Column("Progress", true)
	t.Column("Reason", false)
	for i := range results {
		r := &results[i]
		cells := []any{r.Name}
		if named {
			cells = append(cells, taskName(r))
		}
		files, size := strconv.Itoa(r.Files), cli.Bytes(r.Bytes)
		if r.Campaign != "" && r.Config == "" {
			files, size = "-", "-" // it is a whole campaign
		}
		ended := "-"
		if r.EndTime != nil {
			ended = o.Age(*r.EndTime)
		}
		exit := ""
		if r.ExitCode != nil {
			exit = strconv.Itoa(int(*r.ExitCode))
		}
		t.Row(r, append(cells, resultState(r), files, size, ended, r.User, exit, progressWords(r.Progress), oneLine(r.Reason))...)
	}
	if o.output.PlainTable() {
		t.Fit(o.Width(), o.output.Wide(),
			cli.Flexible{Column: "Reason", Least: 16},
			cli.Flexible{Column: "Progress", Least: 16},
			cli.Flexible{Column: "Name", Least: 12, Middle: true})
	}
	return &t.Table
}

// taskName is the name of a task; a run has that of its configuration.
func taskName(r *api.Result) string {
	if r.Campaign != "" {
		return ""
	}
	return r.TaskName
}
