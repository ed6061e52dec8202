package cmd

import (
	"github.com/spf13/cobra"

	"github.com/kubevast/vast/internal/cli"
)

func clusterElsewhere(f *cli.Factory) []*cobra.Command {
	return append(cli.NewElsewhere(says(f, "", "a namespace is set up with `%s`", []string{"cluster", "setup"}), "install", "init", "create", "up", "upgrade", "apply"),
		append(cli.NewElsewhere(says(f, "", "what setup made is removed with `%s`", []string{"cluster", "cleanup"}), "delete", "rm", "uninstall", "teardown", "down"),
			cli.NewElsewhere(says(f, "", "what is set up is shown by `%s`; what is missing is found by `%s`", []string{"cluster", "status"}, []string{"doctor"}), "get", "show", "info", "check")...)...)
}
