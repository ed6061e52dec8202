package results

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

type deleteOptions struct {
	*cli.Factory
	ref    string
	parts  api.ResultSelector
	force  bool
	yes    bool
	dryRun cli.DryRunFlag
	output *cli.DoneFlags
}

func newDelete(f *cli.Factory) *cobra.Command {
	o := &deleteOptions{Factory: f, output: cli.NewDoneFlags(f)}
	c := &cobra.Command{
		Use:     "delete ID",
		Aliases: []string{"rm"},
		Short:   "Remove results from the store",
		Long: templates.LongDesc(`
			Remove results from the store, with their logs. Tasks and Jobs that still exist are
			not deleted.

			The record of a campaign and the outcomes of its runs are kept, until
			"kubectl vast campaign cleanup --data" removes them.`),
		Example: templates.Examples(`
			# Remove the results of a task
			kubectl vast results delete x7k2m9qa

			# Remove the results of failed runs, and do not ask
			kubectl vast results delete sweep-2026-11-21-101500 --failed -y`),
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
	c.Flags().BoolVar(&o.force, "force", false, "Also remove results of tasks that still run.")
	c.Flags().BoolVarP(&o.yes, "yes", "y", false, "Do not ask for confirmation.")
	o.dryRun.Add(c)
	o.output.AddFlags(c)
	return c
}

// Run asks, and removes them.
func (o *deleteOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	o.ShowTarget(client.Namespace())
	ref := o.ref
	options := api.ResultDeleteOptions{ResultSelector: o.parts, Force: o.force, DryRun: o.dryRun.Value}
	if !o.yes && o.dryRun.Value == api.DryRunNone {
		look := options
		look.DryRun = api.DryRunClient
		list, err := client.Results().Delete(ctx, ref, look)
		if err != nil {
			return err
		}
		if len(list.Items) == 0 {
			o.Notef("No results to remove.")
			return nil
		}
		ref = whole(ref, &list.Items[0])
		goOn, err := o.Confirm(ctx, fmt.Sprintf("Remove %s of %s (%s) for good?", text.Count(len(list.Items), "result"), ref, totalSize(list)))
		if err != nil || !goOn {
			return err
		}
	}
	list, err := client.Results().Delete(ctx, ref, options)
	if err != nil {
		return err
	}
	p, err := o.output.Printer(o.dryRun.Operation("deleted"))
	if err != nil {
		return err
	}
	for i := range list.Items {
		if err := p.PrintObj(&list.Items[i], o.Out); err != nil {
			return err
		}
	}
	return nil
}

// whole is ref with the whole id of what it names: who gives the beginning of one,
// or @latest, must see what will be removed, and that must not change meanwhile.
func whole(ref string, r *api.Result) string {
	of, err := kube.ParseRef(ref, kube.RefResult, kube.RefTask, kube.RefJob, kube.RefCampaign)
	if err == nil && of.Kind == kube.RefJob && r.Campaign != "" {
		return r.Name // the one run of that Job
	}
	_, part, _ := strings.Cut(of.Name, "/")
	return path.Join(cmp.Or(r.Campaign, r.TaskID), part)
}

func totalSize(list *api.ResultList) string {
	total := int64(0)
	for i := range list.Items {
		total += list.Items[i].Bytes
	}
	return cli.Bytes(total)
}
