package store

import "testing"

func TestTheCommonPrefixOfPrefixes(t *testing.T) {
	for want, prefixes := range map[string][]string{
		"a/b/":  {"a/b/"},
		"a/b":   {"a/b2/", "a/b1/"},
		"a/":    {"a/b/", "a/c/", "a/bc/"},
		"a/b/ ": {"a/b/ c", "a/b/ "},
		"":      {"a/", "b/"},
	} {
		if got := commonPrefix(prefixes); got != want {
			t.Errorf("of %q: %q, want %q", prefixes, got, want)
		}
	}
}
