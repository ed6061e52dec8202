package cluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/command"
	"github.com/kubevast/vast/internal/cli/table"
	"github.com/kubevast/vast/internal/cli/term"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

func newStatus(f *cli.Factory) *cobra.Command {
	output := cli.NewDoneFlags(f)
	c := &cobra.Command{
		Use:   "status",
		Short: "Show the status of what is set up",
		Long: templates.LongDesc(`
			Show the status of what is set up in the namespace: Kueue, the queue with its quota and
			usage, and the store with the size of its contents.`),
		Example: templates.Examples(`
			# Show what is set up
			kubectl vast cluster status

			# Print whether everything is ready
			kubectl vast cluster status -o jsonpath='{.ready}'`),
		Args: cli.Args(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := output.Check(); err != nil {
				return err
			}
			return showCluster(c.Context(), f, output)
		},
	}
	output.AddFlags(c)
	return c
}

func showCluster(ctx context.Context, f *cli.Factory, output *cli.DoneFlags) error {
	client, err := f.Client()
	if err != nil {
		return err
	}
	status, err := client.Cluster().Get(ctx)
	if err != nil {
		return err
	}
	if !output.Given() {
		return describeCluster(f, status)
	}
	p, err := output.Printer("")
	if err != nil {
		return err
	}
	return p.PrintObj(status, f.Out)
}

// describeCluster prints a status for people.
func describeCluster(f *cli.Factory, s *api.ClusterStatus) error {
	w := printers.GetNewTabWriter(f.Out)
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%s:\t%s\n", name, term.Line(value))
		}
	}
	line("Config", strings.TrimSpace(s.Config+" "+optionWords(s.Options)))
	line("Namespace", s.Namespace)
	line("Set up", f.Age(s.CreationTimestamp)+" ago")
	line("Kueue", stateWords(f, s.Kueue.ComponentState, kueueWords(s.Kueue)))
	line("Queue", stateWords(f, s.Queue.ComponentState, clusterQueueWords(s.Queue)))
	line("Store", stateWords(f, s.Store.ComponentState, storeWords(s.Store)))
	line("Agent", stateWords(f, s.Agent, "account "+s.Agent.Name))
	if len(s.Queue.Resources) > 0 {
		if err := w.Flush(); err != nil {
			return err
		}
		rows := &table.TextTable{}
		rows.Column("Resource", table.ID)
		rows.Column("Quota", table.Give{})
		rows.Column("Used", table.Give{})
		rows.Column("Flavor", table.Give{})
		for _, r := range s.Queue.Resources {
			rows.Row(r.Resource, r.Quota, r.Used, r.Flavor)
		}
		fmt.Fprintln(f.Out)
		cli.WriteTable(f, f.Out, rows)
	}
	return w.Flush()
}

func optionWords(options map[string]string) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(options)) {
		if options[name] != "" {
			words = append(words, name+"="+options[name])
		}
	}
	if len(words) == 0 {
		return ""
	}
	return "(" + strings.Join(words, ", ") + ")"
}

func stateWords(f *cli.Factory, s api.ComponentState, what string) string {
	if s.Ready {
		return what
	}
	reason := command.Advised(f.Hint(), s.Reason, s.Remedies)
	switch {
	case s.State != api.ReadyStateUnknown:
		return what + "; NOT READY: " + reason
	case what == "":
		return "unknown (" + reason + ")"
	}
	return what + "; unknown (" + reason + ")"
}

func clusterQueueWords(q api.ClusterQueue) string {
	if q.State == api.ReadyStateUnknown {
		if q.Pending+q.Admitted == 0 {
			return q.Name
		}
		return fmt.Sprintf("%s, %d waiting, %d running", q.Name, q.Pending, q.Admitted)
	}
	return fmt.Sprintf("%s in %s, %d waiting, %d running", q.Name, q.ClusterQueue, q.Pending, q.Admitted)
}

func kueueWords(k api.KueueStatus) string {
	version := k.Version
	if version == "" {
		version = "of an unknown version"
	}
	by := "was there before"
	switch {
	case k.InstalledBySetup:
		by = "installed by setup"
	case k.InstallerUnknown != "":
		by = "installed by whom is unknown (no right to " + k.InstallerUnknown + ")"
	}
	switch {
	case k.Namespace != "":
	case k.State == api.ReadyStateUnknown:
		return ""
	default:
		return "none"
	}
	return fmt.Sprintf("%s in namespace %s, %s", version, k.Namespace, by)
}

func storeWords(s api.StoreStatus) string {
	if s.Kind == api.StoreNone {
		return "none"
	}
	words := []string{string(s.Kind) + " at " + s.Endpoint + ", bucket " + s.Bucket}
	switch {
	case s.Capacity != "":
		words = append(words, "a volume of "+s.Capacity)
	case s.State == api.ReadyStateUnknown: // it may have one
	case s.Kind == api.StoreBuiltIn:
		words = append(words, "its data lives as long as its pod")
	}
	if s.Objects != nil {
		more := ""
		if s.Partial {
			more = "more than "
		}
		words = append(words, fmt.Sprintf("%s%s, %s", more, text.Count(int(*s.Objects), "object"), cli.Bytes(*s.Bytes)))
	}
	return strings.Join(words, ", ")
}
