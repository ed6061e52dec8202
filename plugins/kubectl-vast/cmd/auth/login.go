package auth

import (
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/identity"
)

func newLogin(f *cli.Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "login NAME",
		Short: "Set the user name that you work under",
		Example: templates.Examples(`
			# Work as alice from now on, on every cluster
			kubectl vast auth login alice`),
		Args: cli.Args(1, 1, "a name"),
		RunE: func(_ *cobra.Command, args []string) error {
			if !identity.Valid(args[0]) {
				return cli.Usagef("%q cannot be a name: it must be one line of 1 to 253 characters without spaces at its ends", args[0])
			}
			file, err := f.Identity()
			if err == nil {
				err = file.Save(args[0])
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(f.Out, "You work as %s now.\n", args[0])
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
}
