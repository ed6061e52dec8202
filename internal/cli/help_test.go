package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/kubectl/pkg/cmd/options"
	"k8s.io/kubectl/pkg/util/templates"
)

// sample returns a root command with what a help can have, and its groups.
func sample(out *bytes.Buffer) (*cobra.Command, templates.CommandGroups) {
	run := func(*cobra.Command, []string) {}
	add := &cobra.Command{Use: "add NAME", Aliases: []string{"plus", "put"}, Short: "Add one", Long: "Add one.\n\nOr two.\n", Example: "  # One\n  tool add x\n\n", Run: run}
	add.Flags().StringP("output", "o", "", "Output format.\nOne of two.")
	add.Flags().Bool("old", false, "The old way.")
	_ = add.Flags().MarkDeprecated("old", "use --output")
	add.Flags().Int("secret", 1, "Hidden.")
	_ = add.Flags().MarkHidden("secret")
	add.PersistentFlags().Bool("inherited", false, "Inherited.")
	group := &cobra.Command{Use: "group", Short: "A group", Run: run}
	group.AddCommand(&cobra.Command{Use: "inner", Short: "Inner", Run: run}, &cobra.Command{Use: "unseen", Hidden: true, Run: run})
	bare := &cobra.Command{Use: "bare [options]", Run: run}
	topic := &cobra.Command{Use: "topic", Short: "No command", Long: "About something."}
	root := &cobra.Command{Use: "tool", Short: "A tool", Long: "A tool.", Run: run}
	root.CompletionOptions.DisableDefaultCmd = true
	root.PersistentFlags().StringSlice("all", []string{"a"}, "For all.")
	groups := templates.CommandGroups{{Message: "First Commands:", Commands: []*cobra.Command{add, bare}}}
	groups.Add(root)
	root.AddCommand(group, topic)
	root.SetOut(out)
	return root, groups
}

func TestTheHelpIsWhatKubectlsTemplatesMake(t *testing.T) {
	for _, args := range []string{"--help", "help", "help add", "add --help", "bare -h", "group --help", "group inner --help", "topic --help", "options"} {
		t.Run(args, func(t *testing.T) {
			var got, want bytes.Buffer
			ours, groups := sample(&got)
			f := &Factory{IOStreams: genericiooptions.IOStreams{Out: &got}, Plugin: Plugin{Name: "tool", Display: "tool"}}
			ours.AddCommand(newOptions(f))
			setHelp(ours, groups)
			theirs, groups := sample(&want)
			theirs.AddCommand(options.NewCmdOptions(&want))
			templates.ActsAsRootCommand(theirs, []string{"options", "help"}, groups...)
			for _, root := range []*cobra.Command{ours, theirs} {
				root.SetArgs(strings.Fields(args))
				if err := root.Execute(); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(want.String(), got.String()); diff != "" || got.Len() == 0 {
				t.Errorf("-kubectl +ours:\n%s", diff)
			}
		})
	}
}
