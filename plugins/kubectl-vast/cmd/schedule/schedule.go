// Package schedule has the subcommands of kubectl vast schedule.
package schedule

import (
	"context"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

// New returns kubectl vast schedule.
func New(f *cli.Factory) *cobra.Command {
	c := cli.NewGroup("schedule", "List, suspend and delete schedules of workflows",
		newList(f), newSuspend(f), newResume(f), newTrigger(f), newDelete(f))
	c.Long = templates.LongDesc(`
		List, suspend, resume, trigger and delete schedules of workflows. A schedule is a CronJob
		that submits runs of a workflow. "kubectl vast submit" of a file with the field schedule
		creates it, or replaces the one of your workflow with the same name.

		A schedule is named by its workflow.`)
	return c
}

// names completes the names of the user's schedules.
func names(ctx context.Context, client cli.Client) []string {
	list, err := client.Schedules().List(ctx, api.TaskListOptions{})
	if err != nil {
		return nil
	}
	out := make([]string, len(list.Items))
	for i, s := range list.Items {
		out[i] = s.WorkflowName + "\t" + s.Schedule
	}
	return out
}
