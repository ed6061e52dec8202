// Package doctor has kubectl vast doctor.
package doctor

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/command"
	"github.com/kubevast/vast/internal/cli/term"
	"github.com/kubevast/vast/sdk/api"
)

type doctorOptions struct {
	*cli.Factory
	check   api.DoctorOptions
	timeout cli.Timeout
	output  *cli.DoneFlags
	role    string
}

// New returns kubectl vast doctor.
func New(f *cli.Factory) *cobra.Command {
	o := &doctorOptions{Factory: f, timeout: cli.Timeout(2 * time.Minute), output: cli.NewDoneFlags(f),
		check: api.DoctorOptions{}}
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Check what the commands need in the cluster",
		Long: templates.LongDesc(`
			Check what the commands need in the cluster and the namespace, one line a check, and
			print how to fix what is missing.

			The exit code is 1 if something is missing that every task needs. What only some
			commands need is a warning. Two checks create an object and delete it again: one
			in the store, and a pod with the image of the agent.

			--role prints the Role with exactly the permissions that the commands need in the
			namespace, and a ClusterRole with optional ones, for an administrator to apply and
			to bind. Nothing is checked.`),
		Example: templates.Examples(`
			# Check a namespace
			kubectl vast doctor -n lab

			# Print the failed checks as JSON
			kubectl vast doctor -o json | jq '.checks[] | select(.outcome != "OK")'

			# Create nothing
			kubectl vast doctor --no-probe

			# Let ann submit tasks in the namespace, and bob read them
			kubectl vast doctor -n lab --role | kubectl apply -f -
			kubectl create rolebinding ann -n lab --role=vast-user --user=ann
			kubectl vast doctor -n lab --role=reader | kubectl apply -f -
			kubectl create rolebinding bob -n lab --role=vast-reader --user=bob`),
		Args: cli.Args(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error { return o.Run(c.Context()) },
	}
	c.Flags().BoolVar(&o.check.NoProbe, "no-probe", false, "Create nothing: omit the checks that create an object or a pod.")
	c.Flags().StringVar(&o.check.AgentImage, "agent-image", o.check.AgentImage, "Image of the agent that the pod runs. (default $VAST_AGENT_IMAGE, or the image of this release by its digest)")
	c.Flags().Var(&o.timeout, "timeout", "Time limit of all checks together.")
	c.Flags().StringVar(&o.role, "role", "", "Print the Role that grants what the commands need, and check nothing: user, or reader for commands that change nothing.")
	c.Flags().Lookup("role").NoOptDefVal = api.RoleUser
	c.MarkFlagsMutuallyExclusive("role", "no-probe")
	c.MarkFlagsMutuallyExclusive("role", "agent-image")
	o.output.AddFlags(c)
	return c
}

// printRole prints the Role and the ClusterRole, as YAML unless asked otherwise.
func (o *doctorOptions) printRole() error {
	client, err := o.OfflineClient()
	if err != nil {
		return err
	}
	role, wide, err := client.Doctor().Role(o.role)
	if err != nil {
		return err
	}
	if !o.output.Given() {
		*o.output.OutputFormat = "yaml"
	}
	return cli.PrintObjects(o.Factory, o.output, "", cli.Objects([]runtime.Object{role, wide}), true)
}

// Run checks, and prints each result as soon as it is there.
func (o *doctorOptions) Run(ctx context.Context) error {
	if err := o.output.Check(); err != nil {
		return err
	}
	if o.role != "" {
		return o.printRole()
	}
	client, err := o.Client()
	if err != nil {
		return err
	}
	if !o.output.Given() {
		o.ShowTarget(client.Namespace())
		left := ctx
		o.check.Notify = func(c api.Check) {
			if left.Err() == nil { // a check that Ctrl-C interrupted has no result
				o.print(o.Out, c)
			}
		}
	}
	if o.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(o.timeout))
		defer cancel()
	}
	report, err := client.Doctor().Check(ctx, o.check)
	if err != nil {
		return err
	}
	if o.output.Given() {
		p, err := o.output.Printer("")
		if err != nil {
			return err
		}
		if err := p.PrintObj(report, o.Out); err != nil {
			return err
		}
	}
	if !report.Healthy {
		if !o.output.Given() {
			o.Notef("\nSomething is missing without which no task runs.")
		}
		return &cli.ExitError{Code: 1}
	}
	return nil
}

// print prints one check on a line, and what to do about it on the next one.
func (o *doctorOptions) print(out io.Writer, c api.Check) {
	line := fmt.Sprintf("%-8s %-22s %s\n", c.Outcome, c.Name, term.Words(c.Seen))
	if fix := command.Advised(o.Hint(), c.Fix, c.Remedies); fix != "" {
		line += strings.Repeat(" ", 9) + "-> " + term.Words(fix) + "\n"
	}
	_ = term.WriteText(out, line) // a broken pipe ends the command elsewhere
}
