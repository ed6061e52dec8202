package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

// NewElsewhere returns hidden commands with names that other programs use. They print
// one sentence with the equivalent command, which say returns for the arguments, and
// exit with code 2.
func NewElsewhere(say func(args []string) string, names ...string) []*cobra.Command {
	out := make([]*cobra.Command, len(names))
	for i, name := range names {
		out[i] = &cobra.Command{
			Use:    name,
			Hidden: true,
			// Known flags are parsed for the hint; unknown ones are ignored.
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

// flagError returns a usage error for a wrong flag, with a suggestion.
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

// meantFlags returns the flags with the prefix word and "-" ("all" of "all-users"), or
// else the nearest one.
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

// unknownCommand returns a usage error with a suggestion, for which aliases count.
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

// flagNames returns the flags of a command that are neither hidden nor deprecated.
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

// ArgumentOr returns the first argument, or placeholder without arguments.
func ArgumentOr(args []string, placeholder string) string {
	if len(args) == 0 {
		return placeholder
	}
	return args[0]
}

// Says returns the message of a command that has another name here: format with
// these command lines, in which placeholder is replaced by the first argument.
func Says(f *Factory, placeholder, format string, lines ...[]string) func([]string) string {
	return func(args []string) string {
		made := make([]any, len(lines))
		for i, words := range lines {
			line := make([]string, len(words))
			for n, word := range words {
				line[n] = word
				if placeholder != "" {
					line[n] = strings.ReplaceAll(word, placeholder, ArgumentOr(args, placeholder))
				}
			}
			made[i] = f.Hint().Vast(line...)
		}
		return fmt.Sprintf(format, made...)
	}
}

// OrCampaign returns err, the error of a task that was not found, or, if ref is the id
// of a campaign, an error with the command for campaigns. "ID" in words is replaced
// by the id.
func OrCampaign(f *Factory, ref string, err error, words ...string) error {
	id, isCampaign := ref, kube.CampaignName(ref) != ""
	if typed, e := kube.ParseRef(ref, kube.RefCampaign); e == nil && typed.Kind == kube.RefCampaign {
		id, isCampaign = typed.Name, true
	}
	missing, refused := errors.As(err, new(*api.NotFoundError)), errors.As(err, new(*api.InvalidSpecError))
	if !isCampaign || strings.Contains(id, "/") || !missing && !(refused && id != ref) {
		return err
	}
	line := make([]string, len(words))
	for i, word := range words {
		line[i] = strings.ReplaceAll(word, "ID", id)
	}
	return &api.NotFoundError{Kind: "task", Name: id, Hint: "that is a campaign's id; for campaigns it is: " + f.Hint().Vast(line...)}
}
