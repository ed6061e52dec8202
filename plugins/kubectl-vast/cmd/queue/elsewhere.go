package queue

import (
	"github.com/spf13/cobra"

	"github.com/kubevast/vast/internal/cli"
)

func elsewhere(f *cli.Factory) []*cobra.Command {
	return append(cli.NewElsewhere(cli.Says(f, "NAME", "queues are shown by `%s`", []string{"queue", "status"}), "get", "show", "info"),
		append(cli.NewElsewhere(cli.Says(f, "NAME", "a queue is held with `%s`", []string{"queue", "hold", "NAME"}), "pause", "suspend", "stop"),
			cli.NewElsewhere(cli.Says(f, "", "queues are made by `%s`, or by the administrator of Kueue", []string{"cluster", "setup"}), "create", "delete")...)...)
}
