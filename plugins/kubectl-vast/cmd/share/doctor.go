package share

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/command"
	"github.com/kubevast/vast/internal/cli/term"
	"github.com/kubevast/vast/internal/share/archives"
	"github.com/kubevast/vast/sdk/api"
)

func newDoctor(f *cli.Factory) *cobra.Command {
	output := cli.NewDoneFlags(f)
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Check the settings of the share, and try it",
		Long: templates.LongDesc(`
			Check the settings of the share, and write, read and remove a small file on it, from
			this machine. No cluster is needed. The capabilities are what the share can do.`),
		Example: templates.Examples(`
			# Try the share of the current folder's .env
			kubectl vast share doctor`),
		Args: cli.Args(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := output.Check(); err != nil {
				return err
			}
			return runDoctor(c.Context(), f, output)
		},
	}
	output.AddFlags(c)
	return c
}

func runDoctor(ctx context.Context, f *cli.Factory, output *cli.DoneFlags) error {
	p, err := open(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	report := &api.DoctorReport{TypeMeta: api.TypeMeta[api.DoctorReport](), Healthy: true, Server: p.Type(), Checks: archives.Try(ctx, p)}
	for _, check := range report.Checks {
		report.Healthy = report.Healthy && check.Outcome != api.CheckFailed
		if !output.Given() {
			line := fmt.Sprintf("%-8s %-14s %s\n", check.Outcome, check.Name, term.Words(check.Seen))
			if fix := command.Advised(f.Hint(), check.Fix, check.Remedies); fix != "" {
				line += strings.Repeat(" ", 9) + "-> " + term.Words(fix) + "\n"
			}
			_ = term.WriteText(f.Out, line) // a broken pipe ends the command elsewhere
		}
	}
	if output.Given() {
		printer, err := output.Printer("")
		if err != nil {
			return err
		}
		if err := printer.PrintObj(report, f.Out); err != nil {
			return err
		}
	}
	if !report.Healthy {
		return &cli.ExitError{Code: cli.CodeFailed}
	}
	return nil
}
