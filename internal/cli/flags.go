package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubevast/vast/sdk/api"
)

// FieldManager is the default of --field-manager.
const FieldManager = "kubectl-vast"

// Pairs parses the NAME=VALUE words of a repeatable flag. A malformed word, or a name
// with two values, is a usage error.
func Pairs(flag string, words []string) (map[string]string, error) {
	out := map[string]string{}
	for _, word := range words {
		key, value, ok := strings.Cut(word, "=")
		if key = strings.TrimSpace(key); !ok || key == "" {
			return nil, Usagef("%s: %q must be NAME=VALUE", flag, word)
		}
		if old, twice := out[key]; twice && old != value {
			return nil, Usagef("%s: %s is given twice, as %q and as %q", flag, key, old, value)
		}
		out[key] = strings.TrimSpace(value)
	}
	return out, nil
}

// DryRunFlag is kubectl's --dry-run without its old boolean forms.
type DryRunFlag struct{ Value api.DryRun }

func (d *DryRunFlag) String() string {
	if d.Value == api.DryRunNone {
		return "none"
	}
	return string(d.Value)
}

// Set implements pflag.Value.
func (d *DryRunFlag) Set(text string) error {
	switch text {
	case "none":
		d.Value = api.DryRunNone
	case string(api.DryRunClient), string(api.DryRunServer):
		d.Value = api.DryRun(text)
	default:
		return Usagef(`must be "none", "client" or "server"`)
	}
	return nil
}

// Type implements pflag.Value.
func (d *DryRunFlag) Type() string { return "string" }

// Add binds the flag to a command.
func (d *DryRunFlag) Add(c *cobra.Command) {
	c.Flags().Var(d, "dry-run", `Must be "none", "client" or "server". With client, only print what would be done; with server, send the request without persisting it.`)
	_ = c.RegisterFlagCompletionFunc("dry-run",
		cobra.FixedCompletions([]string{"none", "client", "server"}, cobra.ShellCompDirectiveNoFileComp))
}

// Operation is the verb for what was done, as kubectl prints it.
func (d *DryRunFlag) Operation(verb string) string {
	switch d.Value {
	case api.DryRunClient:
		return verb + " (client dry run)"
	case api.DryRunServer:
		return verb + " (server dry run)"
	}
	return verb
}

// Operation returns verb with the kind of dry run, as DryRunFlag.Operation does.
func Operation(d api.DryRun, verb string) string {
	flag := DryRunFlag{Value: d}
	return flag.Operation(verb)
}
