package monitor

import (
	"strings"
	"unicode/utf8"

	"github.com/kubevast/vast/internal/cli/table"
	"github.com/kubevast/vast/internal/cli/term"
)

// gridGap is the space between two columns.
const gridGap = 2

// gridWidths is how wide each column is.
func gridWidths(grid [][]string) []int {
	widths := make([]int, len(grid[0]))
	for _, row := range grid {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	return widths
}

// fitGrid makes the lines no wider than width, by the policy of all tables: the
// bar gets shorter, then columns go, and at last ids are cut.
func fitGrid(columns []column, grid [][]string, width int) ([]column, [][]string) {
	if width <= 0 {
		return columns, grid
	}
	gives := make([]table.Give, len(columns))
	for i, c := range columns {
		gives[i] = c.Give
	}
	limit := table.ShapeOf(gridWidths(grid), gives, gridGap, width).Limit
	var kept []column
	out := make([][]string, len(grid))
	for i, c := range columns {
		if limit[i] == 0 {
			continue
		}
		kept = append(kept, c)
		for n, row := range grid {
			out[n] = append(out[n], c.cut(row[i], limit[i]))
		}
	}
	return kept, out
}

// progressColumn holds bars, which are not cut but drawn smaller.
const progressColumn = "PROGRESS"

func (c *column) cut(cell string, limit int) string {
	if c.name == progressColumn && strings.HasPrefix(cell, "[") && utf8.RuneCountInString(cell) > limit {
		full, all := strings.Count(cell, barFull), utf8.RuneCountInString(cell)-2
		return bar(full*(limit-2)/max(all, 1), limit-2)
	}
	if c.Middle {
		return term.ShortenMiddle(cell, limit)
	}
	return term.Shorten(cell, limit)
}

// format lays the rows out. kubectl's own tables count bytes, and a bar is not
// made of those.
func format(columns []column, grid [][]string) []string {
	widths := gridWidths(grid)
	out := make([]string, len(grid))
	for i, row := range grid {
		var b strings.Builder
		for n, cell := range row {
			pad := strings.Repeat(" ", widths[n]-utf8.RuneCountInString(cell))
			if columns[n].left {
				cell += pad
			} else {
				cell = pad + cell
			}
			if n > 0 {
				b.WriteString(strings.Repeat(" ", gridGap))
			}
			b.WriteString(cell)
		}
		out[i] = strings.TrimRight(b.String(), " ")
	}
	return out
}
