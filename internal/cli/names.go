package cli

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kubevast/vast/sdk/api"
)

// CampaignIDs completes the ids of one's own campaigns, the newest first.
func CampaignIDs(ctx context.Context, client Client) []string {
	list, err := client.Campaigns().List(ctx, api.CampaignListOptions{Brief: true})
	if err != nil {
		return nil
	}
	var ids []string
	for _, c := range slices.Backward(list.Items) {
		ids = append(ids, c.ID)
	}
	return ids
}

// QueueNames completes the names of the namespace's queues.
func QueueNames(ctx context.Context, client Client) []string {
	list, err := client.Queues().List(ctx, api.QueueListOptions{})
	if err != nil {
		return nil
	}
	names := make([]string, 0, len(list.Items))
	for i := range list.Items {
		q := &list.Items[i]
		names = append(names, q.Name+"\t"+q.ClusterQueue+" "+string(q.State))
	}
	return names
}

// AllClusterOptions are the options of all configs, each once, with its longest
// description.
func AllClusterOptions(list *api.ClusterConfigList) []api.ClusterOption {
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

func ClusterConfigs(f *Factory) cobra.CompletionFunc {
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

func ClusterOptions(f *Factory) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var names []string
		if client, err := f.OfflineClient(); err == nil {
			for _, option := range AllClusterOptions(client.Cluster().Configs()) {
				names = append(names, option.Name+"=")
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}
