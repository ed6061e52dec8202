package cli

import (
	"fmt"
	"math"
	"strings"

	"github.com/kubevast/vast/internal/cli/term"
	"github.com/kubevast/vast/sdk/api"
)

// ProgressWords is what a task last told of its work, in one line: "42% epoch 3,
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
	var told []string
	for _, part := range parts {
		if part = term.Words(part); part != "" {
			told = append(told, part)
		}
	}
	return strings.Join(told, ", ")
}

// BrokenWords says that some of what it told could not be read.
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
