package cmd

import (
	"github.com/spf13/cobra"

	"github.com/kubevast/vast/internal/cli"
)

// resultsElsewhere are those of results.
func resultsElsewhere(f *cli.Factory) []*cobra.Command {
	return append(cli.NewElsewhere(says(f, "ID", "logs are printed by `%s`", []string{"logs", "ID"}), "logs"),
		cli.NewElsewhere(says(f, "ID", "results are fetched with `%s`", []string{"results", "download", "ID"}), "cp", "fetch", "pull", "sync", "export")...)
}
