package cli

import (
	"flag"
	"io"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"k8s.io/kubectl/pkg/util/templates"
)

// NewRoot makes the root command of a plugin: kubectl's flags, kubectl's way
// to show help, and the commands that both plugins have.
func NewRoot(f *Factory, short, long string, groups templates.CommandGroups) *cobra.Command {
	root := &cobra.Command{
		Use:           f.Plugin.Name,
		Short:         short,
		Long:          templates.LongDesc(long) + "\n\n" + ExitStatus,
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: f.Plugin.Display},
		SilenceUsage:  true,
		SilenceErrors: true,
		Run:           func(c *cobra.Command, _ []string) { _ = c.Help() },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	f.Config.AddFlags(root.PersistentFlags())
	addVerbosity(root)
	completeConfigFlags(root, f)

	groups = append(groups, templates.CommandGroup{
		Message:  "Other Commands:",
		Commands: []*cobra.Command{newCompletion(f), newVersion(f)},
	})
	groups.Add(root)
	root.AddCommand(newOptions(f))
	setHelp(root, groups)
	root.SetFlagErrorFunc(flagError)
	return root
}

// NewGroup makes a command that only holds others.
func NewGroup(use, short string, commands ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use:   use,
		Short: short,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			return unknownCommand(c, args[0])
		},
	}
	c.AddCommand(commands...)
	return c
}

const verbosity = "v"

// addVerbosity offers klog's -v, which shows the requests that are sent.
func addVerbosity(root *cobra.Command) {
	var set flag.FlagSet
	klog.InitFlags(&set)
	root.PersistentFlags().AddGoFlag(set.Lookup(verbosity))
	root.PersistentFlags().Lookup(verbosity).Usage = "Number for the log level verbosity."
}

// quietLibraries keeps the log lines of the libraries off stderr, unless -v
// enables them: what matters is returned as an error or a warning.
func quietLibraries(root *cobra.Command, f *Factory) {
	if !root.PersistentFlags().Changed(verbosity) {
		var set flag.FlagSet
		klog.InitFlags(&set)
		// What it calls an error goes to stderr all the same otherwise.
		_ = set.Set("stderrthreshold", "FATAL") // both are klog's own
		_ = set.Set("logtostderr", "false")
		klog.SetOutput(io.Discard)
	}
	rest.SetDefaultWarningHandler(rest.NewWarningWriter(f.ErrOut, rest.WarningWriterOptions{
		Deduplicate: true,
		Color:       printers.AllowsColorOutput(f.ErrOut),
	}))
}

// Args accepts between lowest and highest arguments (-1: any number) and says
// what is missing in the command's own words.
func Args(lowest, highest int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) < lowest:
			return Usagef("%s is missing: %s", what, c.UseLine())
		case highest >= 0 && len(args) > highest:
			return Usagef("unexpected argument %q: %s", args[highest], c.UseLine())
		}
		return nil
	}
}
