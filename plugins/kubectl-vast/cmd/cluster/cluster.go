// Package cluster has the subcommands of kubectl vast cluster.
package cluster

import (
	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
)

// New returns kubectl vast cluster.
func New(f *cli.Factory) *cobra.Command {
	c := cli.NewGroup("cluster", "Make a cluster ready for many people's work",
		newSetup(f), newStatus(f), newResize(f), newCleanup(f))
	c.AddCommand(elsewhere(f)...)
	c.Long = templates.LongDesc(`
		Make a cluster ready for many people's work: a queue (Kueue), a store for inputs
		and results (S3), and the rights that unattended work needs.

		Tasks need none of it; queues, inputs and results do. It is set up for one
		namespace at a time. What the namespaces of a cluster share, the quota first of
		all, is made with the first one and removed with the last one.`)
	return c
}
