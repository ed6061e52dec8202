package cli

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/kubectl/pkg/util/templates"
	kterm "k8s.io/kubectl/pkg/util/term"
)

// The help has the form of kubectl's. kubectl executes templates for it, which would
// link text/template: see package gotemplate.

// setHelp sets the help and the usage of a root command and the commands below it.
func setHelp(root *cobra.Command, groups templates.CommandGroups) {
	root.SetHelpFunc(func(c *cobra.Command, _ []string) {
		out := kterm.NewResponsiveWriter(c.OutOrStdout())
		_, _ = io.WriteString(out, strings.TrimSpace(cmp.Or(c.Long, c.Short)))
		if c.Runnable() || c.HasSubCommands() {
			_, _ = io.WriteString(out, c.UsageString())
		}
	})
	root.SetUsageFunc(func(c *cobra.Command) error {
		_, err := io.WriteString(kterm.NewResponsiveWriter(c.OutOrStderr()), usageOf(c, groups))
		return err
	})
}

// usageOf returns what follows the description of a command in its help.
func usageOf(c *cobra.Command, groups templates.CommandGroups) string {
	var b strings.Builder
	b.WriteString("\n\n")
	section := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n\n", args...) }
	if len(c.Aliases) > 0 {
		section("Aliases:\n%s", c.NameAndAliases())
	}
	if c.HasExample() {
		section("Examples:\n%s", trimRight(c.Example))
	}
	if c.HasAvailableSubCommands() {
		section("%s", commandList(c, groups))
	}
	if flags := ownFlags(c); flags.HasFlags() {
		section("Options:\n%s", trimRight(flagUsages(flags)))
	}
	root := c.Root().CommandPath()
	if line := c.UseLine(); c.Runnable() && line != "" && line != root {
		if c.HasFlags() && !strings.Contains(line, "[options]") {
			line += " [options]"
		}
		section("Usage:\n  %s", line)
	}
	if c.HasSubCommands() {
		fmt.Fprintf(&b, "Use \"%s <command> --help\" for more information about a given command.\n", c.CommandPath())
	}
	if c.Runnable() {
		fmt.Fprintf(&b, "Use \"%s options\" for a list of global command-line options (applies to all commands).\n", root)
	}
	return b.String()
}

// commandList lists the commands below c, those of the root in groups.
func commandList(c *cobra.Command, groups templates.CommandGroups) string {
	var shown []*cobra.Command
	for _, sub := range c.Commands() {
		if !sub.Hidden && sub.Name() != "options" && (c.HasParent() || sub.Name() != "help") {
			shown = append(shown, sub)
		}
	}
	if c.HasParent() {
		groups = templates.CommandGroups{{Message: "Available Commands:", Commands: shown}}
	} else {
		groups = templates.AddAdditionalCommands(groups, "Other Commands:", shown)
	}
	var parts []string
	for _, g := range groups {
		lines := []string{g.Message}
		for _, sub := range g.Commands {
			if sub.IsAvailableCommand() {
				lines = append(lines, fmt.Sprintf("  %-*s   %s", sub.NamePadding(), sub.Name(), sub.Short))
			}
		}
		parts = append(parts, strings.Join(lines, "\n"))
	}
	return strings.Join(parts, "\n\n")
}

// ownFlags returns the flags of c that the commands below it do not inherit, without
// --help.
func ownFlags(c *cobra.Command) *pflag.FlagSet {
	own := pflag.NewFlagSet(c.Name(), pflag.ContinueOnError)
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" && c.PersistentFlags().Lookup(f.Name) == nil {
			own.AddFlag(f)
		}
	})
	return own
}

// flagUsages returns the usages of flags, wrapped to the width of the terminal.
func flagUsages(flags *pflag.FlagSet) string {
	var b strings.Builder
	width, _ := kterm.GetWordWrapperLimit() // no terminal: 0, not wrapped
	printer := templates.NewHelpFlagPrinter(&b, width)
	flags.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			printer.PrintHelpFlag(f)
		}
	})
	return b.String()
}

func trimRight(s string) string { return strings.TrimRightFunc(s, unicode.IsSpace) }

// newOptions makes the command "options", which prints the flags that all commands
// inherit.
func newOptions(f *Factory) *cobra.Command {
	const short = "Print the list of flags inherited by all commands"
	c := &cobra.Command{
		Use: "options", Short: short, Long: short,
		Example: "  # Print flags inherited by all commands\n  " + f.Plugin.Display + " options",
		Run:     func(c *cobra.Command, _ []string) { _ = c.Usage() },
	}
	c.SetOut(f.Out)
	c.SetErr(f.Out)
	usage := func(c *cobra.Command) error {
		if !c.HasInheritedFlags() {
			return nil
		}
		out := kterm.NewResponsiveWriter(c.OutOrStderr())
		_, err := io.WriteString(out, "The following options can be passed to any command:\n\n"+flagUsages(c.InheritedFlags()))
		return err
	}
	c.SetUsageFunc(usage)
	c.SetHelpFunc(func(*cobra.Command, []string) {})
	return c
}
