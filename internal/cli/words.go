package cli

import (
	"strings"
	"unicode"

	"github.com/kubevast/vast/internal/cli/term"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

// AFew returns the first names of many: a campaign has thousands of runs.
func AFew(names []string) string {
	cells := make([]string, len(names))
	for i, name := range names {
		cells[i] = term.Cell(name)
	}
	return text.First(cells, 5)
}

// CauseWords writes a cause as words: "out of memory".
func CauseWords(c api.Cause) string {
	var b strings.Builder
	for i, r := range string(c) {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
