package results

import (
	"github.com/spf13/cobra"

	"github.com/kubevast/vast/internal/cli"
)

// elsewhere are those of results.
func elsewhere(f *cli.Factory) []*cobra.Command {
	return append(cli.NewElsewhere(cli.Says(f, "ID", "logs are printed by `%s`", []string{"logs", "ID"}), "logs"),
		cli.NewElsewhere(cli.Says(f, "ID", "results are fetched with `%s`", []string{"results", "download", "ID"}), "cp", "fetch", "pull", "sync", "export")...)
}
