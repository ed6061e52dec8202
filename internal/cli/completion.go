package cli

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubevast/vast/sdk/api"
)

// completionTime limits the time that a shell waits for names.
const completionTime = 3 * time.Second

// Completer gives the names that a shell may complete, each with an optional
// description behind a tab.
type Completer func(ctx context.Context, client Client) []string

// Complete returns a ValidArgsFunction. It omits arguments that are on the command line
// already; most is the number of arguments (-1: any number).
func (f *Factory) Complete(most int, names Completer) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		const directive = cobra.ShellCompDirectiveNoFileComp
		if most >= 0 && len(args) >= most {
			return nil, directive
		}
		client, err := f.Client()
		if err != nil {
			return nil, directive
		}
		ctx, cancel := context.WithTimeout(c.Context(), completionTime)
		defer cancel()
		found := slices.DeleteFunc(names(ctx, client), func(choice string) bool {
			name, _, _ := strings.Cut(choice, "\t")
			return !strings.HasPrefix(name, prefix) || slices.Contains(args, name)
		})
		return found, directive
	}
}

// TaskIDs completes the ids of the user's tasks in these states (none: all), newest
// first.
func TaskIDs(states ...api.State) Completer {
	return func(ctx context.Context, client Client) []string {
		list, err := client.Tasks().List(ctx, api.TaskListOptions{States: states})
		if err != nil {
			return nil
		}
		ids := make([]string, 0, len(list.Items))
		for _, t := range slices.Backward(list.Items) {
			ids = append(ids, t.ID+"\t"+t.TaskName+" "+string(t.State))
		}
		return ids
	}
}

// VolumeNames completes the names of the user's volumes.
func VolumeNames(ctx context.Context, client Client) []string {
	list, err := client.Volumes().List(ctx, api.VolumeListOptions{})
	if err != nil {
		return nil
	}
	names := make([]string, 0, len(list.Items))
	for _, v := range list.Items {
		names = append(names, v.VolumeName+"\t"+v.Size+" "+v.Phase)
	}
	return names
}

func namespaces(ctx context.Context, client Client) []string {
	list, err := client.Kubernetes().CoreV1().Namespaces().List(ctx, metav1.ListOptions{Limit: 500})
	if err != nil {
		return nil
	}
	names := make([]string, 0, len(list.Items))
	for _, ns := range list.Items {
		names = append(names, ns.Name)
	}
	return names
}

// completeConfigFlags completes the values of kubectl's own flags.
func completeConfigFlags(root *cobra.Command, f *Factory) {
	_ = root.RegisterFlagCompletionFunc("namespace", f.Complete(-1, namespaces))
	fromConfig := func(flag string, names func(clientcmdapi.Config) []string) {
		_ = root.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			raw, err := f.Config.ToRawKubeConfigLoader().RawConfig()
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return names(raw), cobra.ShellCompDirectiveNoFileComp
		})
	}
	fromConfig("context", func(c clientcmdapi.Config) []string { return slices.Sorted(maps.Keys(c.Contexts)) })
	fromConfig("cluster", func(c clientcmdapi.Config) []string { return slices.Sorted(maps.Keys(c.Clusters)) })
	fromConfig("user", func(c clientcmdapi.Config) []string { return slices.Sorted(maps.Keys(c.AuthInfos)) })
}

// CampaignIDs completes the ids of the user's campaigns, newest first.
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

// ResultNames completes campaigns and tasks that have results.
func ResultNames(ctx context.Context, client Client) []string {
	list, err := client.Results().List(ctx, api.ResultListOptions{})
	if err != nil {
		return nil
	}
	var names []string
	last := ""
	for i := range list.Items {
		r := &list.Items[i]
		name, about := r.Campaign, r.Reason
		if name == "" {
			name, about = r.TaskID, r.TaskName+" "+string(ResultState(r))
		}
		if name != last {
			names = append(names, name+"\t"+about)
		}
		last = name
	}
	return names
}

// ResultState returns the state of a result in one word.
func ResultState(r *api.Result) api.State {
	if r.State == "" || !r.Complete && r.State.Ended() && r.State != api.Stopped {
		return api.Incomplete
	}
	return r.State
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
