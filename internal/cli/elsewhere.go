package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubevast/vast/internal/text"
)

// NewElsewhere are commands that are not there, but that users of other programs
// type: each is answered with one sentence that names ours, and exit code 2. What
// gets the words that were typed behind it. They are in no list and no completion.
func NewElsewhere(say func(args []string) string, names ...string) []*cobra.Command {
	out := make([]*cobra.Command, len(names))
	for i, name := range names {
		out[i] = &cobra.Command{
			Use:    name,
			Hidden: true,
			// Flags of ours are read for the sake of the hint; others mean nothing.
			FParseErrWhitelist: cobra.FParseErrWhitelist{UnknownFlags: true},
			RunE: func(c *cobra.Command, args []string) error {
				return Usagef("there is no command %q: %s", c.CommandPath(), say(args))
			},
		}
		out[i].SetHelpFunc(func(c *cobra.Command, _ []string) {
			fmt.Fprintf(c.OutOrStdout(), "There is no command %q: %s.\n", c.CommandPath(), say(nil))
		})
	}
	return out
}

// flagError says what is wrong with a flag, and which one was probably meant.
func flagError(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	meant := ""
	if errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "" {
		if near := meantFlags(unknown.GetSpecifiedName(), flagNames(c)); len(near) > 0 {
			meant = "; did you mean --" + strings.Join(near, " or --") + "?"
		}
	}
	return Usagef("%v%s; see '%s --help'", err, meant, c.CommandPath())
}

// meantFlags are the flags that begin with the word that was typed ("--all" of
// "--all-users"), else the one that is nearest to it.
func meantFlags(word string, names []string) []string {
	var longer []string
	for _, name := range names {
		if strings.HasPrefix(name, strings.ToLower(word)+"-") {
			longer = append(longer, name)
		}
	}
	if near := text.Nearest(word, names); near != "" && len(longer) == 0 {
		return []string{near}
	}
	return longer
}

// unknownCommand says that c has no such command, and which one was probably meant:
// what other programs call it counts, since it is taken.
func unknownCommand(c *cobra.Command, word string) error {
	var names []string
	for _, one := range c.Commands() {
		if one.IsAvailableCommand() {
			names = append(append(names, one.Name()), one.Aliases...)
		}
	}
	meant := ""
	if near := text.Nearest(word, names); near != "" {
		meant = "; did you mean: " + near
	}
	return Usagef("unknown command %q for %q%s", word, c.CommandPath(), meant)
}

// flagNames are the flags that a command has, without those that are hidden or on
// their way out.
func flagNames(c *cobra.Command) []string {
	var names []string
	for _, set := range []*pflag.FlagSet{c.Flags(), c.InheritedFlags()} {
		set.VisitAll(func(f *pflag.Flag) {
			if !f.Hidden && f.Deprecated == "" {
				names = append(names, f.Name)
			}
		})
	}
	return names
}
