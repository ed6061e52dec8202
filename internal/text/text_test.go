package text

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestValuesAsPartsOfMessages(t *testing.T) {
	tests := map[string]struct{ got, want string }{
		"a message of several lines":               {Line(" a\n\tb\x1b[31m "), "a b[31m"},
		"a line that is too long":                  {OneLine("abcdefgh", 6), "abc..."},
		"a line of just the allowed length":        {OneLine("abcdef", 6), "abcdef"},
		"characters are counted, not bytes":        {Short("äöüßäö", 6), "äöüßäö"},
		"a short text keeps what it has":           {Short("a\nb", 6), "a\nb"},
		"a text that is cut":                       {Short("äöüßäöü", 6), "äöüßäö..."},
		"one":                                      {Count(1, "node"), "1 node"},
		"several":                                  {Count(int64(4), "node"), "4 nodes"},
		"none":                                     {Count(0, "node"), "0 nodes"},
		"a list of nothing":                        {And(nil), ""},
		"a list of one":                            {Or([]string{"a"}), "a"},
		"a list of two":                            {Or([]string{"a", "b"}), "a or b"},
		"a list of three":                          {And([]string{"a", "b", "c"}), "a, b and c"},
		"the first of a long list":                 {First([]string{"a", "b", "c", "d"}, 2), "a, b and 2 more"},
		"all of a short list":                      {First([]string{"a", "b"}, 2), "a, b"},
		"a word that a shell reads as it is":       {Word("a/b-c=1"), "a/b-c=1"},
		"a word that needs quotes":                 {Word("it's"), `'it'\''s'`},
		"of a flag with a value, the value":        {Word("--context=my cluster"), "--context='my cluster'"},
		"the nearest name":                         {Nearest("standart", []string{"local", "standard"}), "standard"},
		"the nearest of several":                   {Nearest("stat", []string{"status", "start", "stop"}), "start"},
		"two letters in the wrong order":           {Nearest("versoin", []string{"version"}), "version"},
		"case does not count":                      {Nearest("NAMES", []string{"name"}), "name"},
		"another word that shares a few letters":   {Nearest("edit", []string{"wait", "exec"}), ""},
		"another first letter with two more typos": {Nearest("yes", []string{"as"}), ""},
		"an empty word has no neighbours":          {Nearest("", []string{"a"}), ""},
		"an empty candidate is no neighbour":       {Nearest("ab", []string{""}), ""},
		"a very long word":                         {Nearest(strings.Repeat("a", 65), []string{strings.Repeat("a", 64)}), ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFirstLeavesItsListAlone(t *testing.T) {
	items := []string{"a", "b", "c"}
	First(items, 1)
	if diff := cmp.Diff([]string{"a", "b", "c"}, items); diff != "" {
		t.Error(diff)
	}
}

func TestAShellReadsEachWordAsItIs(t *testing.T) {
	for _, text := range []string{"plain", "with blank", "it's", `"$HOME"`, "`id`", "a\nb", "--context=my cluster", "*", "~", "", "#x", "{a,b}", "a;b"} {
		for _, word := range []string{Word(text), Quoted(text)} {
			out, err := exec.CommandContext(t.Context(), "sh", "-c", "printf %s "+word).Output()
			if err != nil || string(out) != text {
				t.Errorf("%q as %s was read as %q, error %v", text, word, out, err)
			}
		}
	}
}
