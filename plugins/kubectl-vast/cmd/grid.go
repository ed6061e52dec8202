package cmd

import (
	"strings"
	"unicode/utf8"
)

// gridGap is what stands between two columns.
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

func gridWidth(grid [][]string) int {
	total := -gridGap
	for _, w := range gridWidths(grid) {
		total += w + gridGap
	}
	return total
}

func tooWide(grid [][]string, width int) bool { return width > 0 && gridWidth(grid) > width }

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
