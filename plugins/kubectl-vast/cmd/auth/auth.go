// Package auth has the subcommands of kubectl vast auth.
package auth

import (
	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
)

// New returns kubectl vast auth.
func New(f *cli.Factory) *cobra.Command {
	c := cli.NewGroup("auth", "Manage the user name that you work under", newLogin(f), newWhoami(f), newLogout(f))
	c.Long = templates.LongDesc(`
		Manage the user name that you work under.

		Tasks and volumes are labeled with the name of the user who created them, and lists
		show your own by default. Without a login it is the name that the cluster
		authenticates you as. The name grants nothing: permissions are those of the cluster.`)
	return c
}
