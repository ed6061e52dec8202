package cli

import (
	"strings"
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
