// Package cmd holds the commands of kubectl vast, one a file. They bind flags
// and print; what they do is the SDK's.
package cmd

import (
	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
)

// New returns the root command.
func New(f *cli.Factory) *cobra.Command {
	root := cli.NewRoot(f,
		"Run batch work on any Kubernetes cluster",
		`Run batch work on any Kubernetes cluster that a kubeconfig reaches.

		A task is a YAML file in SkyPilot's format: what to run, on how many nodes, with
		which resources. Nothing needs to be installed in the cluster.

		A task is named by its id, its name, its Job's name, the beginning of one of these,
		or @latest for your newest one. What -o name prints is taken, too.`,
		templates.CommandGroups{
			{
				Message:  "Task Commands:",
				Commands: []*cobra.Command{newSubmit(f), newList(f), newStatus(f), newLogs(f), newWait(f), newStop(f), newDelete(f)},
			},
			{
				Message:  "Campaign Commands:",
				Commands: []*cobra.Command{newCampaign(f), newMonitor(f)},
			},
			{
				Message:  "Result Commands:",
				Commands: []*cobra.Command{newResults(f)},
			},
			{
				Message:  "Cluster Commands:",
				Commands: []*cobra.Command{newQueue(f), newCluster(f), newDoctor(f)},
			},
			{
				Message:  "Settings Commands:",
				Commands: []*cobra.Command{newAuth(f), newSchema(f)},
			},
		})
	root.AddCommand(elsewhere(f)...)
	return root
}
