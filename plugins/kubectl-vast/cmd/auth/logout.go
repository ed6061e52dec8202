package auth

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kubevast/vast/internal/cli"
)

func newLogout(f *cli.Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "logout",
		Short: "Return to the user name that the cluster authenticates you as",
		Args:  cli.Args(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			file, err := f.Identity()
			if err == nil {
				err = file.Save("")
			}
			if err != nil {
				return err
			}
			fmt.Fprintln(f.Out, "You work under the name that the cluster knows you by now.")
			return nil
		},
	}
}
