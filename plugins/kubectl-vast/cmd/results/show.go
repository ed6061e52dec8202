package results

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/term"
	"github.com/kubevast/vast/sdk/api"
)

type showOptions struct {
	*cli.Factory
	ref    string
	parts  api.ResultSelector
	output *cli.DoneFlags
}

func newShow(f *cli.Factory) *cobra.Command {
	o := &showOptions{Factory: f, output: cli.NewDoneFlags(f)}
	c := &cobra.Command{
		Use:   "show ID",
		Short: "Show results with their files",
		Long: templates.LongDesc(`
			Show results with their files: the outcome, the files, and those that could not be
			uploaded.`),
		Example: templates.Examples(`
			# Show the results of your newest task or campaign
			kubectl vast results show @latest

			# Show one run of a campaign
			kubectl vast results show sweep-2026-11-21-101500/fast-3/0`),
		Args:              cli.Args(1, 1, "the id of a task or a campaign"),
		ValidArgsFunction: f.Complete(1, cli.ResultNames),
		RunE: func(c *cobra.Command, args []string) error {
			o.ref = args[0]
			if err := o.output.Check(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
	}
	addSelector(c, &o.parts)
	o.output.AddFlags(c)
	return c
}

// Run shows.
func (o *showOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	list, err := client.Results().Get(ctx, o.ref, api.ResultGetOptions{ResultSelector: o.parts})
	if err != nil {
		return err
	}
	if o.output.Given() {
		p, err := o.output.Printer("")
		if err != nil {
			return err
		}
		return p.PrintObj(list, o.Out)
	}
	var text bytes.Buffer
	for i := range list.Items {
		if i > 0 {
			fmt.Fprintln(&text)
		}
		o.describe(&text, &list.Items[i])
	}
	// Names of files come from programs in the cluster.
	return term.WriteText(o.Out, text.String())
}

func (o *showOptions) describe(out io.Writer, r *api.Result) {
	w := printers.GetNewTabWriter(out)
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%s:\t%s\n", name, term.Words(value))
		}
	}
	row("Result", r.Name)
	row("Name", r.TaskName)
	row("State", string(cli.ResultState(r)))
	row("Reason", reason(r))
	if r.ExitCode != nil {
		row("Exit code", fmt.Sprint(*r.ExitCode))
	}
	row("Progress", cli.ProgressWords(r.Progress))
	row("Broken", cli.BrokenWords(r.Progress))
	row("User", r.User)
	row("Started", cli.Moment(o.Factory, r.StartTime))
	row("Ended", cli.Moment(o.Factory, r.EndTime))
	row("Duration", o.lasted(r))
	row("Files", fmt.Sprintf("%d, %s", r.Files, cli.Bytes(r.Bytes)))
	_ = w.Flush()
	if len(r.Entries) == 0 {
		return
	}
	fmt.Fprintln(out, "\nFiles:")
	for _, e := range r.Entries {
		path := term.Cell(e.Path)
		switch {
		case e.Missing != "":
			fmt.Fprintf(w, "  -\t%s\tnot kept: %s\n", path, term.Words(e.Missing))
		case e.SHA256 == "" && (strings.HasSuffix(e.Path, "/") || strings.Contains(e.Path, " -> ")):
			fmt.Fprintf(w, "  -\t%s\n", path)
		default:
			fmt.Fprintf(w, "  %s\t%s\n", cli.Bytes(e.Size), path)
		}
	}
	_ = w.Flush()
}

// lasted is how long it took, where that is over.
func (o *showOptions) lasted(r *api.Result) string {
	if r.EndTime == nil {
		return ""
	}
	return o.Lasted(r.StartTime, r.EndTime)
}
