package table

import (
	"strings"
	"unicode/utf8"

	"github.com/kubevast/vast/internal/cli/term"
)

// TextTable is a table among other text, such as the nodes of a task. It gets
// narrow by the policy of all tables, but for its last column: its text is
// wrapped, and none of it is lost.
type TextTable struct {
	Indent string
	names  []string
	gives  []Give
	rows   [][]string
}

// Column adds a column.
func (t *TextTable) Column(name string, give Give) {
	if give.Least > 0 {
		give.Least = max(give.Least, utf8.RuneCountInString(name))
	}
	t.names, t.gives = append(t.names, strings.ToUpper(name)), append(t.gives, give)
}

// Row adds a row.
func (t *TextTable) Row(cells ...string) { t.rows = append(t.rows, cells) }

// wrapAt is the least width of the last column where it is wrapped. With less
// room it is printed below its row.
const wrapAt = 24

// Lines are the table's, none of them wider than width (0: any width).
func (t *TextTable) Lines(width int) []string {
	grid := append([][]string{t.names}, t.rows...)
	widths := make([]int, len(t.names))
	for _, row := range grid {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	limit := widths
	last := len(widths) - 1
	if width > 0 {
		limit = t.shape(widths, max(width-len(t.Indent), 1))
	}
	var out []string
	for n, row := range grid {
		line, column := t.Indent, len(t.Indent)
		for i, cell := range row[:last] {
			if limit[i] == 0 {
				continue
			}
			cell = term.Cut(cell, limit[i], t.gives[i].Middle)
			line += cell + strings.Repeat(" ", max(limit[i], minCell)+columnGap-utf8.RuneCountInString(cell))
			column += max(limit[i], minCell) + columnGap
		}
		switch {
		case limit[last] > 0:
			hang := strings.Repeat(" ", column)
			for k, part := range term.Wrap(row[last], limit[last]) {
				if k > 0 {
					line = hang
				}
				out = append(out, strings.TrimRight(line+part, " "))
			}
		default:
			out = append(out, strings.TrimRight(line, " "))
			if n > 0 && row[last] != "" {
				below := t.Indent + "  "
				for _, part := range term.Wrap(row[last], max(width-len(below), 1)) {
					out = append(out, below+part)
				}
			}
		}
	}
	return out
}

// shape wraps the last column first, as far as that makes sense.
func (t *TextTable) shape(widths []int, width int) []int {
	last := len(widths) - 1
	whole := widths[last]
	widths[last] = min(whole, wrapAt)
	gives := append([]Give(nil), t.gives...)
	gives[last] = Give{Rank: 1 << 20}
	limit := ShapeOf(widths, gives, columnGap, width).Limit
	if limit[last] > 0 {
		limit[last] = whole
		limit[last] -= max(Shape{limit}.over(columnGap, width), 0)
	}
	return limit
}
