package cli

import (
	"fmt"
	"math"
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

// CauseWords returns a cause in words, as in "out of memory".
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

// ProgressWords returns the last reported progress in one line: "42% epoch 3,
// loss 0.31".
func ProgressWords(p *api.Progress) string {
	if p == nil {
		return ""
	}
	words := p.Step
	if p.Fraction != nil {
		// Not 100% before it is all done.
		percent := fmt.Sprintf("%d%%", int(math.Floor(*p.Fraction*100)))
		words = strings.TrimSpace(percent + " " + words)
	}
	parts := []string{words, p.Message}
	if p.Message == "" {
		parts[1] = p.Status
	}
	var shown []string
	for _, part := range parts {
		if part = term.Words(part); part != "" {
			shown = append(shown, part)
		}
	}
	return strings.Join(shown, ", ")
}

// BrokenWords reports how many progress lines are malformed; empty for none.
func BrokenWords(p *api.Progress) string {
	if p == nil || p.BrokenLines == 0 {
		return ""
	}
	lines := "lines"
	if p.BrokenLines == 1 {
		lines = "line"
	}
	return fmt.Sprintf("%d %s of progress.jsonl could not be read: each must be one JSON object", p.BrokenLines, lines)
}

// NothingFound prints that a list of kind, such as "tasks", is empty, and which flags
// widen it. narrowed, for a list that a label or a state filters, omits the flags.
func (f *Factory) NothingFound(kind, namespace string, allNamespaces, allUsers, narrowed bool) {
	where, lead, more := "", "Add", []string(nil)
	if !allUsers {
		lead = "These would be yours: add"
		more = append(more, "--all-users for everybody's")
	}
	if !allNamespaces {
		where, more = " in "+namespace+" namespace", append(more, "-A for all namespaces")
	}
	f.Notef("No %s found%s.", kind, where)
	if len(more) > 0 && !narrowed {
		f.Notef("(%s %s.)", lead, strings.Join(more, ", "))
	}
}
