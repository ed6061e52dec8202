package cmd

import (
	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
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
