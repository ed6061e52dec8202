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

// completionTime is how long a shell is kept waiting for names.
const completionTime = 3 * time.Second

// Completer gives the names that a shell may complete, each with an optional
// description behind a tab.
type Completer func(ctx context.Context, client Client) []string

// Complete makes a ValidArgsFunction of c. It leaves out what is already on
// the command line; most is how many arguments there may be (-1: any number).
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

// TaskIDs completes the ids of one's own tasks in these states (none: all),
// newest first.
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

// VolumeNames completes the names of one's own volumes.
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
