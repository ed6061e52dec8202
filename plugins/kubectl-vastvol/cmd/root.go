// Package cmd has the commands of kubectl vastvol, one verb a file. They bind flags
// and print; the logic is the SDK's.
package cmd

import (
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
)

// New returns the root command.
func New(f *cli.Factory) *cobra.Command {
	root := cli.NewRoot(f,
		"Manage the volumes that tasks mount",
		`Manage the volumes that the tasks of kubectl vast mount.

		A volume is a PersistentVolumeClaim in the namespace. A task file mounts it by its
		name.`,
		templates.CommandGroups{{
			Message:  "Volume Commands:",
			Commands: []*cobra.Command{newCreate(f), newList(f), newGet(f), newStatus(f), newDelete(f)},
		}})
	root.AddCommand(cli.NewElsewhere(func(args []string) string {
		return fmt.Sprintf("a volume is made from its file with `%s`", f.Hint().Vastvol("create", "-f", "FILE"))
	}, "apply", "replace", "new", "add")...)
	root.AddCommand(cli.NewElsewhere(func([]string) string {
		return fmt.Sprintf("a claim is made larger where its StorageClass allows it: `%s`", f.Hint().Kubectl("edit", "pvc", "NAME"))
	}, "resize", "expand", "edit")...)
	root.AddCommand(cli.NewElsewhere(func([]string) string {
		return "a task mounts a volume by its name, under volumes in its file"
	}, "mount", "attach", "use")...)
	return root
}
