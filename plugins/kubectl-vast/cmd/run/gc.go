package run

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

// NewGC returns kubectl vast gc.
func NewGC(f *cli.Factory) *cobra.Command {
	o := api.GarbageOptions{}
	grace, output := time.Hour, ""
	dryRun := cli.DryRunFlag{}
	c := &cobra.Command{
		Use:   "gc",
		Short: "Remove the results of deleted runs of workflows",
		Long: templates.LongDesc(`
			Remove the results and logs of tasks, and of campaigns, whose runs were all deleted. Results that another
			run has kept in a rerun stay, and so do those whose last run was deleted less than an
			hour ago, since pods may still be writing them. Results of tasks that belong to no
			workflow are removed by "kubectl vast results delete", those of other campaigns by
			"kubectl vast campaign cleanup --data".

			Runs that ended more than a week ago, and were driven without a driver in the cluster or
			had setup errors, are removed from the cluster. They stay in the history.`),
		Example: templates.Examples(`
			# Print what would be removed
			kubectl vast gc --dry-run=client

			# Remove it
			kubectl vast gc`),
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := cli.CheckData(output); err != nil {
				return err
			}
			if grace < 0 {
				return cli.Usagef("--grace must not be negative")
			}
			client, err := f.Client()
			if err != nil {
				return err
			}
			f.ShowTarget(client.Namespace())
			o.DryRun, o.Grace = dryRun.Value, max(grace, 1)
			list, err := client.Workflows().CollectGarbage(c.Context(), o)
			if list == nil {
				return err
			}
			if printErr := printGarbage(f, list, output, dryRun.Operation("removed")); printErr != nil {
				return printErr
			}
			if list.Recent > 0 {
				f.Notef("The results of %d tasks stay: their last run was deleted less than %s ago.", list.Recent, grace)
			}
			return err
		},
	}
	c.Flags().DurationVar(&grace, "grace", grace, "How long results stay after the last run that used them was deleted.")
	cli.AddDataFlag(c, &output)
	dryRun.Add(c)
	return c
}

func printGarbage(f *cli.Factory, list *api.GarbageList, output, verb string) error {
	if output != "" {
		return cli.PrintData(f.Out, output, list)
	}
	for _, id := range list.Expired {
		if _, err := fmt.Fprintf(f.Out, "run/%s %s from the cluster: it ended long ago, and stays in the history\n", id, verb); err != nil {
			return err
		}
	}
	for _, g := range list.Items {
		if _, err := fmt.Fprintf(f.Out, "%s %s: %d objects, %d bytes, of runs %s\n", what(&g), verb, g.Objects, g.Bytes, strings.Join(g.Runs, ", ")); err != nil {
			return err
		}
	}
	return nil
}

// what names the task or the campaign whose results are garbage.
func what(g *api.Garbage) string {
	if g.Campaign != "" {
		return "campaign/" + g.Campaign
	}
	return "task/" + g.TaskID
}
