package cli

import (
	"iter"
	"strings"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
	if width > 0 {
		widths := make([]int, len(t.ColumnDefinitions))
		t.measure(widths, wide)
		t.cut(cutsFor(t.ColumnDefinitions, widths, width, flexible))
	}
}

// FitAll is Fit for a table in parts, which are made anew each time.
func FitAll(parts iter.Seq[*Table], width int, wide bool, flexible ...Flexible) iter.Seq[*Table] {
	if width <= 0 {
		return parts
	}
	var widths []int
	var columns []metav1.TableColumnDefinition
	for t := range parts {
		if columns = t.ColumnDefinitions; widths == nil {
			widths = make([]int, len(columns))
		}
		t.measure(widths, wide)
	}
	cuts := cutsFor(columns, widths, width, flexible)
	return func(yield func(*Table) bool) {
		for t := range parts {
			t.cut(cuts)
			if !yield(t) {
				return
			}
		}
	}
}

// measure notes the widths of the columns that are wider than those before.
func (t *Table) measure(widths []int, wide bool) {
	for i, c := range t.ColumnDefinitions {
		if c.Priority > 0 && !wide {
			continue
		}
		widths[i] = max(widths[i], utf8.RuneCountInString(c.Name))
		for _, row := range t.Rows {
			if s, ok := row.Cells[i].(string); ok {
				widths[i] = max(widths[i], utf8.RuneCountInString(s))
			}
		}
	}
}

// columnCut is what the cells of one column are cut to.
type columnCut struct {
	column, limit int
	middle        bool
}

// cutsFor decides what has to be cut, in this order.
func cutsFor(columns []metav1.TableColumnDefinition, widths []int, width int, flexible []Flexible) []columnCut {
	over := -width - columnGap
	for _, w := range widths {
		if w > 0 {
			over += w + columnGap
		}
	}
	var cuts []columnCut
	for _, f := range flexible {
		for i, c := range columns {
			if over <= 0 || c.Name != f.Column || widths[i] == 0 {
				continue
			}
			limit := max(widths[i]-over, f.Least, len(c.Name))
			if limit >= widths[i] {
				continue
			}
			over -= widths[i] - limit
			widths[i] = limit
			cuts = append(cuts, columnCut{i, limit, f.Middle})
		}
	}
	return cuts
}

func (t *Table) cut(cuts []columnCut) {
	for _, c := range cuts {
		for _, row := range t.Rows {
			if s, ok := row.Cells[c.column].(string); ok {
				row.Cells[c.column] = cut(s, c.limit, c.middle)
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
