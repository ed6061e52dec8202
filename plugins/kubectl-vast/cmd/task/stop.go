package task

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

// NewStop returns kubectl vast stop.
func NewStop(f *cli.Factory) *cobra.Command {
	manager := cli.FieldManager
	o := &endOptions{Factory: f, verb: "stop", done: "stopped", states: active()}
	o.end = func(ctx context.Context, client cli.Client, ref string) (*api.TaskStatus, string, error) {
		t, err := client.Tasks().Stop(ctx, ref, api.TaskStopOptions{DryRun: o.dryRun.Value, FieldManager: manager})
		if err == nil && (t.State == api.Succeeded || t.State == api.Failed) {
			return t, "had already " + strings.ToLower(string(t.State)), nil
		}
		return t, "", cli.OrCampaign(f, ref, err, "campaign", "stop", "ID")
	}
	c := &cobra.Command{
		Use:     "stop (ID... | --all)",
		Aliases: []string{"cancel"},
		Short:   "Stop tasks, and keep them in the list",
		Long: templates.LongDesc(`
			Stop tasks. Running ones get their grace period. A stopped task stays in the list until
			it is deleted. Finished tasks are not changed.`),
		Example: templates.Examples(`
			# Stop two tasks
			kubectl vast stop x7k2m9qa b3f9

			# Stop all your tasks in the namespace, and do not ask
			kubectl vast stop --all --yes`),
	}
	o.add(c)
	c.Flags().StringVar(&manager, "field-manager", manager, "Name of the manager used to track field ownership.")
	return c
}
