package task

import (
	"context"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

// NewDelete returns kubectl vast delete.
func NewDelete(f *cli.Factory) *cobra.Command {
	wait := false
	o := &endOptions{Factory: f, verb: "delete", done: "deleted"}
	o.end = func(ctx context.Context, client cli.Client, ref string) (*api.TaskStatus, string, error) {
		t, err := client.Tasks().Delete(ctx, ref, api.TaskDeleteOptions{DryRun: o.dryRun.Value, Wait: wait})
		return t, "", cli.OrCampaign(f, ref, err, "campaign", "cleanup", "ID")
	}
	c := &cobra.Command{
		Use:     "delete (ID... | --all)",
		Aliases: []string{"rm"},
		Short:   "Delete tasks with their pods; their results are kept",
		Long: templates.LongDesc(`
			Delete tasks: the Job, its pods, and other objects of the task. Running tasks are
			stopped.

			Results and logs in the store are kept, until "kubectl vast results delete" removes
			them. Without a store the logs are deleted with the pods.`),
		Example: templates.Examples(`
			# Delete a task
			kubectl vast delete x7k2m9qa

			# Delete all your tasks in the namespace, and wait until they are gone
			kubectl vast delete --all --wait`),
	}
	o.add(c)
	c.Flags().BoolVar(&wait, "wait", false, "Wait until the Job and its pods are gone.")
	return c
}
