// Package cluster has the subcommands of kubectl vast cluster.
package cluster

import (
	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
)

// New returns kubectl vast cluster.
func New(f *cli.Factory) *cobra.Command {
	c := cli.NewGroup("cluster", "Set up a cluster with a queue and a store",
		newSetup(f), newStatus(f), newResize(f), newCleanup(f))
	c.AddCommand(elsewhere(f)...)
	c.Long = templates.LongDesc(`
		Set up a cluster with a queue (Kueue), a store for inputs and results (S3), and the
		service account that they need.

		Tasks run without it; queues, inputs and results need it. One namespace is set up at
		a time. The objects that the namespaces of a cluster share, such as the quota, are
		created with the first namespace and removed with the last one.`)
	return c
}
