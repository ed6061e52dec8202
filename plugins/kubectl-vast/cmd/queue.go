package cmd

import (
	"context"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

func newQueue(f *cli.Factory) *cobra.Command {
	c := cli.NewGroup("queue", "See what waits, and hold queues",
		newQueueList(f), newQueueStatus(f), newQueuePosition(f), newQueueHold(f), newQueueResume(f))
	c.AddCommand(queueElsewhere(f)...)
	c.Long = templates.LongDesc(`
		See what waits, where it stands and why, and hold queues.

		A queue is a LocalQueue of Kueue's in a namespace. The quota belongs to the
		ClusterQueue behind it, which the queues of several namespaces may share:
		positions count from 1 over all of them.`)
	return c
}

// queueNames completes the names of the namespace's queues.
func queueNames(ctx context.Context, client cli.Client) []string {
	list, err := client.Queues().Status(ctx, api.QueueListOptions{})
	if err != nil {
		return nil
	}
	names := make([]string, 0, len(list.Items))
	for i := range list.Items {
		q := &list.Items[i]
		names = append(names, q.Name+"\t"+q.ClusterQueue+" "+string(q.State))
	}
	return names
}
