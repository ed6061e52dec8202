// Package cmd has the root command of kubectl vast. Each noun has its commands in a
// package below, one verb a file. They bind flags and print; the logic is the SDK's.
package cmd

import (
	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/auth"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/campaign"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/cluster"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/doctor"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/monitor"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/queue"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/results"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/run"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/schedule"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/schema"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/share"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/task"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/workflow"
)

// New returns the root command.
func New(f *cli.Factory) *cobra.Command {
	root := cli.NewRoot(f,
		"Run batch work on any Kubernetes cluster",
		`Run batch work on any Kubernetes cluster that a kubeconfig reaches.

		A task is a YAML file in SkyPilot's format: what to run, on how many nodes, with
		which resources. Nothing needs to be installed in the cluster.

		A task is named by its id, its name, the name of its Job, a prefix of one of these, or
		@latest for your newest one. The output of -o name is accepted, too.`,
		templates.CommandGroups{
			{
				Message:  "Task Commands:",
				Commands: []*cobra.Command{task.NewSubmit(f), task.NewList(f), task.NewStatus(f), task.NewLogs(f), task.NewWait(f), task.NewStop(f), task.NewDelete(f)},
			},
			{
				Message:  "Workflow Commands:",
				Commands: []*cobra.Command{workflow.NewPlan(f), run.New(f), run.NewApprove(f), run.NewReject(f), run.NewApprovals(f), run.NewRerun(f), run.NewReconcile(f), schedule.New(f), run.NewGC(f)},
			},
			{
				Message:  "Campaign Commands:",
				Commands: []*cobra.Command{campaign.New(f), monitor.New(f)},
			},
			{
				Message:  "Result Commands:",
				Commands: []*cobra.Command{results.New(f), share.New(f)},
			},
			{
				Message:  "Cluster Commands:",
				Commands: []*cobra.Command{queue.New(f), cluster.New(f), doctor.New(f)},
			},
			{
				Message:  "Settings Commands:",
				Commands: []*cobra.Command{auth.New(f), schema.New(f)},
			},
		})
	root.AddCommand(elsewhere(f)...)
	return root
}
