package cmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/printers"

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
	w := printers.GetNewTabWriter(o.Out)
	fmt.Fprintln(w, "NAME\tOPTIONS\tDESCRIPTION")
	for _, config := range list.Items {
		var options []string
		for _, option := range config.Options {
			options = append(options, option.Name+"="+option.Default)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", config.Name, strings.Join(options, ","), config.Description)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, option := range allOptions(list) {
		text := option.Description
		if len(option.Allowed) > 0 {
			text += ": " + strings.Join(option.Allowed, ", ")
		}
		fmt.Fprintf(o.Out, "\n%s\n  %s\n", option.Name, text)
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
