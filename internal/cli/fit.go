package cli

import (
	"strings"
	"unicode/utf8"
)

const (
	columnGap = 3 // what kubectl's tab writer puts between columns
	// ellipsis stands for what was cut. It is ASCII because kubectl's tab
	// writer counts bytes.
	ellipsis = "..."
)

// Flexible is a column that may be cut, but never below Least characters.
type Flexible struct {
	Column string
	Least  int
	// Middle cuts in the middle: both ends of a name tell it from others.
	Middle bool
}

// Fit cuts the cells of flexible columns, in their order, until the table is
// no wider than width. A column may stand there twice, to be cut further when
// the others have been. Nothing else is ever cut, and width 0 (no terminal)
// cuts nothing.
func (t *Table) Fit(width int, wide bool, flexible ...Flexible) {
	if width <= 0 {
		return
	}
	over := -width
	widths := make([]int, len(t.ColumnDefinitions))
	for i, c := range t.ColumnDefinitions {
		if c.Priority > 0 && !wide {
			continue
		}
		widths[i] = utf8.RuneCountInString(c.Name)
		for _, row := range t.Rows {
			if s, ok := row.Cells[i].(string); ok {
				widths[i] = max(widths[i], utf8.RuneCountInString(s))
			}
		}
		over += widths[i] + columnGap
	}
	over -= columnGap
	for _, f := range flexible {
		for i, c := range t.ColumnDefinitions {
			if over <= 0 || c.Name != f.Column || widths[i] == 0 {
				continue
			}
			limit := max(widths[i]-over, f.Least, len(c.Name))
			if limit >= widths[i] {
				continue
			}
			over -= widths[i] - limit
			widths[i] = limit
			for _, row := range t.Rows {
				if s, ok := row.Cells[i].(string); ok {
					row.Cells[i] = cut(s, limit, f.Middle)
				}
			}
		}
	}
}

// cut shortens s to limit characters.
func cut(s string, limit int, middle bool) string {
	runes := []rune(s)
	if len(runes) <= limit {
		return s
	}
	if !middle {
		return strings.TrimRight(string(runes[:limit-len(ellipsis)]), " ") + ellipsis
	}
	head := (limit - len(ellipsis) + 1) / 2
	tail := limit - len(ellipsis) - head
	return string(runes[:head]) + ellipsis + string(runes[len(runes)-tail:])
}
