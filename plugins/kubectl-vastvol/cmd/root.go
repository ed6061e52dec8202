// Package cmd holds the commands of kubectl vastvol, one a file. They bind
// flags and print; what they do is the SDK's.
package cmd

import (
	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
)

// New returns the root command.
func New(f *cli.Factory) *cobra.Command {
	return cli.NewRoot(f,
		"Look after the volumes that tasks mount",
		`Look after the volumes that the tasks of kubectl vast mount.

		A volume is a PersistentVolumeClaim in the namespace. A task file mounts it by its
		name.`,
		templates.CommandGroups{{
			Message:  "Volume Commands:",
			Commands: []*cobra.Command{newCreate(f), newList(f), newGet(f), newStatus(f), newDelete(f)},
		}})
}
