package cmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

// listConfigs prints the configs with their options.
func (o *setupOptions) listConfigs() error {
	list := o.client.Cluster().Configs()
	if o.flags.output.Given() {
		p, err := o.flags.output.Printer("")
		if err != nil {
			return err
		}
		return p.PrintObj(list, o.Out)
	}
	table := &cli.TextTable{}
	table.Column("Name", cli.ID)
	table.Column("Options", cli.Give{Rank: 1})
	table.Column("Description", cli.Give{})
	for _, config := range list.Items {
		var options []string
		for _, option := range config.Options {
			options = append(options, option.Name+"="+option.Default)
		}
		table.Row(config.Name, strings.Join(options, ","), config.Description)
	}
	writeTable(o.Factory, o.Out, table)
	for _, option := range allOptions(list) {
		text := option.Description
		if len(option.Allowed) > 0 {
			text += ": " + strings.Join(option.Allowed, ", ")
		}
		const indent = "  "
		width := o.Width()
		if width > 0 {
			width = max(width-len(indent), 1)
		}
		fmt.Fprintf(o.Out, "\n%s\n%s%s\n", option.Name, indent, strings.Join(cli.Wrap(text, width), "\n"+indent))
	}
	return nil
}

// allOptions are the options of all configs, each once, with its longest
// description.
func allOptions(list *api.ClusterConfigList) []api.ClusterOption {
	var all []api.ClusterOption
	for _, config := range list.Items {
		for _, option := range config.Options {
			i := slices.IndexFunc(all, func(o api.ClusterOption) bool { return o.Name == option.Name })
			switch {
			case i < 0:
				all = append(all, option)
			case len(option.Description) > len(all[i].Description):
				all[i] = option
			}
		}
	}
	return all
}

func completeConfigs(f *cli.Factory) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		var names []string
		if client, err := f.OfflineClient(); err == nil && len(args) == 0 {
			for _, config := range client.Cluster().Configs().Items {
				names = append(names, config.Name+"\t"+config.Description)
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

func completeOptions(f *cli.Factory) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var names []string
		if client, err := f.OfflineClient(); err == nil {
			for _, option := range allOptions(client.Cluster().Configs()) {
				names = append(names, option.Name+"=")
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}
