package run

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"
	"sigs.k8s.io/yaml"

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
			Remove the results and logs of tasks whose runs were all deleted. Results that another
			run has kept in a rerun stay, and so do those whose last run was deleted less than an
			hour ago, since pods may still be writing them. Results of tasks that belong to no
			workflow, and those of campaigns, are removed by "kubectl vast results delete".`),
		Example: templates.Examples(`
			# Print what would be removed
			kubectl vast gc --dry-run=client

			# Remove it
			kubectl vast gc`),
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if output != "" && output != "json" && output != "yaml" && output != "name" {
				return cli.Usagef("--output must be json, yaml or name")
			}
			if grace < 0 {
				return cli.Usagef("--grace must not be negative")
			}
			client, err := f.Client()
			if err != nil {
				return err
			}
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
	c.Flags().StringVarP(&output, "output", "o", "", "Output format: json, yaml or name.")
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"json", "yaml", "name"}, cobra.ShellCompDirectiveNoFileComp))
	dryRun.Add(c)
	return c
}

func printGarbage(f *cli.Factory, list *api.GarbageList, output, verb string) error {
	switch output {
	case "json":
		data, err := json.MarshalIndent(list, "", "    ")
		if err == nil {
			_, err = fmt.Fprintf(f.Out, "%s\n", data)
		}
		return err
	case "yaml":
		data, err := yaml.Marshal(list)
		if err == nil {
			_, err = f.Out.Write(data)
		}
		return err
	}
	for _, g := range list.Items {
		line := "task/" + g.TaskID
		if output == "" {
			line += fmt.Sprintf(" %s: %d objects, %d bytes, of runs %s", verb, g.Objects, g.Bytes, strings.Join(g.Runs, ", "))
		}
		if _, err := fmt.Fprintln(f.Out, line); err != nil {
			return err
		}
	}
	return nil
}
