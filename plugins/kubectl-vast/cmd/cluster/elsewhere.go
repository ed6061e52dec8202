package cluster

import (
	"github.com/spf13/cobra"

	"github.com/kubevast/vast/internal/cli"
)

func elsewhere(f *cli.Factory) []*cobra.Command {
	return append(cli.NewElsewhere(cli.Says(f, "", "a namespace is set up with `%s`", []string{"cluster", "setup"}), "install", "init", "create", "up", "upgrade", "apply"),
		append(cli.NewElsewhere(cli.Says(f, "", "what setup made is removed with `%s`", []string{"cluster", "cleanup"}), "delete", "rm", "uninstall", "teardown", "down"),
			cli.NewElsewhere(cli.Says(f, "", "what is set up is shown by `%s`; what is missing is found by `%s`", []string{"cluster", "status"}, []string{"doctor"}), "get", "show", "info", "check")...)...)
}
