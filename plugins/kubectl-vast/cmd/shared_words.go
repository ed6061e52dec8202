package cmd

import (
	"strings"
	"unicode"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

// aFew names the first of many: a campaign has thousands of runs.
func aFew(names []string) string {
	cells := make([]string, len(names))
	for i, name := range names {
		cells[i] = cli.Cell(name)
	}
	return text.First(cells, 5)
}

// causeWords writes a cause as words: "out of memory".
func causeWords(c api.Cause) string {
	var b strings.Builder
	for i, r := range string(c) {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
