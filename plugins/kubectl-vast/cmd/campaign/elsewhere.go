package campaign

import (
	"github.com/spf13/cobra"

	"github.com/kubevast/vast/internal/cli"
)

// elsewhere are those of campaigns.
func elsewhere(f *cli.Factory) []*cobra.Command {
	add := cli.NewElsewhere
	var all []*cobra.Command
	for _, some := range [][]*cobra.Command{
		add(cli.Says(f, "ID", "the Jobs of a campaign are removed with `%s`, which keeps its results; `%s` removes all of it",
			[]string{"campaign", "cleanup", "ID"}, []string{"campaign", "cleanup", "ID", "--data"}), "delete", "rm", "remove", "uninstall"),
		add(cli.Says(f, "ID", "logs are those of a run: `%s`; `%s` names the runs",
			[]string{"logs", "ID/CONFIG/RUN"}, []string{"results", "list", "ID"}), "logs", "log", "tail"),
		add(cli.Says(f, "ID", "wait for the end of a campaign with `%s`; its exit code says how it ended", []string{"monitor", "ID", "--wait"}), "wait"),
		add(cli.Says(f, "ID", "a campaign is watched with `%s`", []string{"monitor", "ID"}), "monitor", "watch", "follow", "attach"),
		add(cli.Says(f, "ID", "how a campaign stands is shown by `%s`; all are listed with `%s`",
			[]string{"campaign", "status", "ID"}, []string{"campaign", "list"}), "get", "show", "info"),
		add(cli.Says(f, "ID", "results are listed with `%s` and fetched with `%s`",
			[]string{"results", "list", "ID"}, []string{"results", "download", "ID"}), "results", "download", "fetch"),
		add(cli.Says(f, "ID", "failed runs are run again with `%s`", []string{"campaign", "rerun", "ID", "--failed"}), "retry", "restart"),
		add(cli.Says(f, "ID", "a campaign is held with `%s`", []string{"campaign", "hold", "ID"}), "pause", "suspend"),
	} {
		all = append(all, some...)
	}
	return all
}
