package run

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

func newLogs(f *cli.Factory) *cobra.Command {
	follow := false
	c := &cobra.Command{
		Use:   "logs RUN TASK",
		Short: "Print the logs of a task of a run",
		Long: templates.LongDesc(`
			Print the logs of the newest attempt at a task of a run. The task of an attempt has an id
			of its own, which "kubectl vast logs" takes with all its options. Each run of a campaign
			has a log of its own, which is stored with its results.`),
		Example: templates.Examples(`
			# Follow the logs of a task of your newest run
			kubectl vast run logs @latest train -f`),
		Args: cli.Args(2, 2, "the id of a run and the name of a task"),
		ValidArgsFunction: func(c *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return f.Complete(1, ids)(c, args, prefix)
			}
			return f.Complete(2, func(ctx context.Context, client cli.Client) []string { return taskNames(ctx, client, args[0]) })(c, args, prefix)
		},
		RunE: func(c *cobra.Command, args []string) error {
			client, err := f.Client()
			if err != nil {
				return err
			}
			return printLogs(c.Context(), f, client, args[0], args[1], follow)
		},
	}
	c.Flags().BoolVarP(&follow, "follow", "f", false, "Follow the logs until the task has ended.")
	return c
}

// mostNamed is how many tasks an error names.
const mostNamed = 10

func taskNames(ctx context.Context, client cli.Client, ref string) []string {
	r, err := client.Workflows().Get(ctx, ref)
	if err != nil {
		return nil
	}
	var out []string
	for _, t := range r.Tasks {
		out = append(out, t.Name+"\t"+t.Status)
	}
	return out
}

// printLogs prints the logs of the newest attempt at a task.
func printLogs(ctx context.Context, f *cli.Factory, client cli.Client, ref, name string, follow bool) error {
	r, err := client.Workflows().Get(ctx, ref)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(r.Tasks, func(t api.WorkflowTask) bool { return t.Name == name })
	if i < 0 {
		names := make([]string, len(r.Tasks))
		for i := range r.Tasks {
			names[i] = r.Tasks[i].Name
		}
		return &api.NotFoundError{Kind: "task", Name: name, Hint: "run " + r.ID + " has the tasks " + text.First(names, mostNamed)}
	}
	t := &r.Tasks[i]
	if t.Campaign != "" {
		return &api.NotSupportedError{Message: fmt.Sprintf("task %q is the campaign %s, whose runs have a log each", name, t.Campaign), Remedies: []api.Remedy{
			{Action: api.CampaignsGet, Ref: t.Campaign, Purpose: "show the causes of failures, with an example of each"},
			{Action: api.ResultsDownload, Ref: t.Campaign, Purpose: "download the results and logs of all runs"}}}
	}
	if t.TaskID == "" {
		return &api.NotFoundError{Kind: "logs of task", Name: name, Hint: notExecuted(t)}
	}
	w := cli.NewLogWriter(f.Out)
	err = client.Tasks().Logs(ctx, t.TaskID, api.LogOptions{Follow: follow, Notify: func(message string) { f.Notef("%s", message) }}, w.Write)
	if _, writeErr := w.Close(); writeErr != nil {
		return writeErr
	}
	return err
}

// notExecuted states why there is no attempt at a task.
func notExecuted(t *api.WorkflowTask) string {
	switch t.Status {
	case "notstarted":
		return "it has not started"
	case "failed": // its approval was rejected, or its Job was refused
		return "it has failed before it started"
	}
	return "it was " + t.Status
}
