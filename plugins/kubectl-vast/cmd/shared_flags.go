package cmd

import (
	"strings"

	"github.com/kubevast/vast/internal/cli"
)

// defaultFieldManager is the default of --field-manager.
const defaultFieldManager = "kubectl-vast"

// pairs reads KEY=VALUE words of a flag that may be given several times.
func pairs(flag string, words []string) (map[string]string, error) {
	out := map[string]string{}
	for _, word := range words {
		key, value, ok := strings.Cut(word, "=")
		if key = strings.TrimSpace(key); !ok || key == "" {
			return nil, cli.Usagef("%s: %q must be NAME=VALUE", flag, word)
		}
		if old, twice := out[key]; twice && old != value {
			return nil, cli.Usagef("%s: %s is given twice, as %q and as %q", flag, key, old, value)
		}
		out[key] = strings.TrimSpace(value)
	}
	return out, nil
}
