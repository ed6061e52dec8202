package cluster

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

type cleanupOptions struct {
	*cli.Factory
	api     api.ClusterCleanupOptions
	yes     bool
	timeout cli.Timeout
	dryRun  cli.DryRunFlag
	output  *cli.DoneFlags
}

func newCleanup(f *cli.Factory) *cobra.Command {
	o := &cleanupOptions{Factory: f, timeout: cli.Timeout(5 * time.Minute), output: cli.NewDoneFlags(f)}
	c := &cobra.Command{
		Use:   "cleanup",
		Short: "Remove what setup created",
		Long: templates.LongDesc(`
			Remove what setup created in the namespace, and with the last namespace also what
			they share. Objects that setup did not create are kept, such as a Kueue that was
			installed before, and queues of other users.

			The command lists what is removed and asks for confirmation. It refuses while the
			namespace has unfinished tasks, campaigns or uploads, in any queue or in none, and
			lists them. --force stops them, as "stop" and "campaign stop" do, and waits until
			their pods have uploaded their results. After --timeout, run the command again.`),
		Example: templates.Examples(`
			# Show what would be removed
			kubectl vast cluster cleanup --dry-run=client

			# Keep the volume with the results; a later setup uses it again
			kubectl vast cluster cleanup --keep-data

			# Stop unfinished work, and do not ask
			kubectl vast cluster cleanup --force --yes`),
		Args: cli.Args(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := o.output.Check(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
	}
	p := c.Flags()
	p.BoolVar(&o.api.Force, "force", false, "Stop unfinished work and wait until its results are uploaded, instead of refusing.")
	p.BoolVar(&o.api.KeepData, "keep-data", false, "Keep the store's volume and its credentials.")
	p.BoolVarP(&o.yes, "yes", "y", false, "Do not ask for confirmation.")
	p.Var(&o.timeout, "timeout", "How long to wait until the work has stopped and the objects are deleted.")
	o.dryRun.Add(c)
	o.output.AddFlags(c)
	return c
}

// Run shows what would be removed, prompts, and removes it.
func (o *cleanupOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	o.ShowTarget(client.Namespace())
	o.api.DryRun, o.api.Timeout = o.dryRun.Value, time.Duration(o.timeout)
	o.api.Progress = o.NoteOf
	dry := o.api
	dry.DryRun = api.DryRunClient
	plan, refused := client.Cluster().Cleanup(ctx, dry)
	if plan == nil {
		return refused
	}
	if len(plan.Remove) == 0 {
		o.Notef("Nothing is set up here; there is nothing to remove.")
		return o.print(plan)
	}
	o.show(plan)
	if refused != nil {
		return refused
	}
	if o.dryRun.Value == api.DryRunNone && !o.yes {
		goOn, err := o.Confirm(ctx, "Remove all this?")
		if err != nil || !goOn {
			return err
		}
	}
	done, err := client.Cluster().Cleanup(ctx, o.api)
	if err != nil {
		return err
	}
	return o.print(done)
}

// show prints on stderr what is removed, what stays and what would be lost.
func (o *cleanupOptions) show(plan *api.ClusterCleanup) {
	if len(plan.Remove) > 0 {
		o.Notef("To be removed:")
	}
	for _, object := range plan.Remove {
		o.Notef("  %s", object)
	}
	if len(plan.Keep) > 0 {
		o.Notef("Stays:")
	}
	for _, kept := range byReason(plan.Keep) {
		o.Notef("  %s (%s)", kept.Object, kept.Reason)
	}
	for _, w := range plan.Warnings {
		o.Warn(w)
	}
	if o.api.Force {
		for _, w := range plan.Work {
			o.Warn(fmt.Sprintf("%s has not ended and will be stopped", w))
		}
	}
}

// byReason puts together what stays for the same reason.
func byReason(kept []api.KeptByReason) []api.KeptByReason {
	var out []api.KeptByReason
	for _, k := range kept {
		i := slices.IndexFunc(out, func(o api.KeptByReason) bool { return o.Reason == k.Reason })
		if i < 0 {
			out = append(out, k)
			continue
		}
		out[i].Object += ", " + k.Object
	}
	return out
}

func (o *cleanupOptions) print(done *api.ClusterCleanup) error {
	if o.output.Given() {
		p, err := o.output.Printer("")
		if err != nil {
			return err
		}
		return p.PrintObj(done, o.Out)
	}
	for _, object := range done.Remove {
		fmt.Fprintf(o.Out, "%s %s\n", object, o.dryRun.Operation("removed"))
	}
	return nil
}
