package queue

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/command"
	"github.com/kubevast/vast/sdk/api"
)

func newResume(f *cli.Factory) *cobra.Command {
	o := &holdOptions{Factory: f, done: "resumed", note: func(q *api.QueueStatus) string { return stillClosed(f.Hint(), q) }}
	o.change = func(ctx context.Context, client cli.Client) (*api.QueueStatus, error) {
		return client.Queues().Resume(ctx, o.name, api.QueueResumeOptions{DryRun: o.hold.DryRun, FieldManager: o.hold.FieldManager})
	}
	c := &cobra.Command{
		Use:   "resume [NAME]",
		Short: "Resume a queue that was held",
		Long: templates.LongDesc(`
			Resume a queue that was held: its tasks can be admitted again.

			Without a name it is the default queue of tasks.`),
		Example: templates.Examples(`
			# Resume the default queue of the current namespace
			kubectl vast queue resume`),
	}
	o.add(c)
	return c
}

// stillClosed returns why nothing starts even now.
func stillClosed(say command.Target, q *api.QueueStatus) string {
	switch q.State {
	case api.QueueHeld:
		return fmt.Sprintf("Nothing starts all the same: %s. Whoever may change ClusterQueues releases it with: %s", q.Reason,
			say.Cluster().Kubectl("patch", "clusterqueue", q.ClusterQueue, "--type=merge", "-p", `{"spec":{"stopPolicy":"None"}}`))
	case api.QueueInactive:
		return fmt.Sprintf("Nothing starts all the same: %s.", q.Reason)
	}
	return ""
}
