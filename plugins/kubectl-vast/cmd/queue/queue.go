// Package queue has the subcommands of kubectl vast queue.
package queue

import (
	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
)

// New returns kubectl vast queue.
func New(f *cli.Factory) *cobra.Command {
	c := cli.NewGroup("queue", "Show what waits, and hold queues",
		newList(f), newStatus(f), newPosition(f), newHold(f), newResume(f))
	c.AddCommand(elsewhere(f)...)
	c.Long = templates.LongDesc(`
		Show what waits, at which position and why, and hold queues.

		A queue is a LocalQueue of Kueue in a namespace. The quota is that of its
		ClusterQueue, which the queues of several namespaces may share: positions count
		from 1 over all of them.`)
	return c
}
