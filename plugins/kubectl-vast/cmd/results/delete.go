package results

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

type deleteOptions struct {
	cli.Deletion
	ref   string
	parts api.ResultSelector
	force bool
}

func newDelete(f *cli.Factory) *cobra.Command {
	o := &deleteOptions{Deletion: cli.NewDeletion(f)}
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
			if err := o.Output.Check(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
	}
	addSelector(c, &o.parts)
	c.Flags().BoolVar(&o.force, "force", false, "Also remove results of tasks that still run.")
	o.AddFlags(c)
	return c
}

// Run prompts, and removes them.
func (o *deleteOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	o.ShowTarget(client.Namespace())
	options := api.ResultDeleteOptions{ResultSelector: o.parts, Force: o.force, DryRun: o.DryRun.Value}
	// The user confirms whole ids: what "@latest" or a prefix names may change meanwhile.
	question := func(ctx context.Context) (string, []string, error) {
		look := options
		look.DryRun = api.DryRunClient
		list, err := client.Results().Delete(ctx, o.ref, look)
		if err != nil {
			return "", nil, err
		}
		if len(list.Items) == 0 {
			o.Notef("No results to remove.")
			return "", nil, nil
		}
		return fmt.Sprintf("Remove %s of %s (%s) for good?", text.Count(len(list.Items), "result"), list.Ref, totalSize(list)), []string{list.Ref}, nil
	}
	return cli.Delete(ctx, &o.Deletion, question, []string{o.ref}, func(ctx context.Context, ref string) ([]*api.Result, error) {
		list, err := client.Results().Delete(ctx, ref, options)
		if err != nil {
			return nil, err
		}
		deleted := make([]*api.Result, len(list.Items))
		for i := range list.Items {
			deleted[i] = &list.Items[i]
		}
		return deleted, nil
	})
}

func totalSize(list *api.ResultList) string {
	total := int64(0)
	for i := range list.Items {
		total += list.Items[i].Bytes
	}
	return cli.Bytes(total)
}
