package cmd

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

// plural returns "1 run", "2 runs".
func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// aFew names the first of many: a campaign has thousands of runs.
func aFew(names []string) string {
	const most = 5
	more := ""
	if n := len(names) - most; n > 0 {
		names, more = names[:most], fmt.Sprintf(" and %d more", n)
	}
	told := make([]string, len(names))
	for i, name := range names {
		told[i] = cli.Cell(name)
	}
	return strings.Join(told, ", ") + more
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
