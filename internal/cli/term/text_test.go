package term

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestForeignTextOnATerminal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"letters of any script stay":            {"größe 日本語 עברית نص", "größe 日本語 עברית نص"},
		"and what joins them":                   {"👩\u200d🔬 می\u200cخواهم", "👩\u200d🔬 می\u200cخواهم"},
		"and a backslash":                       {`back\slash`, `back\slash`},
		"a colour is none":                      {"\x1b[31mred\x07", `\x1b[31mred\x07`},
		"nor is one of 8 bits":                  {"\u009b31m", `\u009b31m`},
		"a line stays one":                      {"a\nb\tc\rd\x7f\u2028e\x0b", `a\nb\tc\rd\x7f\u2028e\x0b`},
		"nothing is turned around":              {"a\u202egpj.exe\u2066\u200f\u061c", `a\u202egpj.exe\u2066\u200f\u061c`},
		"nothing is hidden":                     {"a\ufeffb\u200bc\U000e0041", `a\ufeffb\u200bc\U000e0041`},
		"bytes that are no text are escaped":    {"a\xffb\xc3", `a\xffb\xc3`},
		"and the replacement character is kept": {"a\ufffdb", "a\ufffdb"},
		"a long path is cut in its middle":      {strings.Repeat("a", 600) + strings.Repeat("z", 600), strings.Repeat("a", 127) + "..." + strings.Repeat("z", 126)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, Cell(c.text)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
