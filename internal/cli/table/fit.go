package table

import (
	"iter"
	"slices"
	"unicode/utf8"

	"github.com/kubevast/vast/internal/cli/term"
)

// How tables get narrow enough for a terminal, all by one policy:
//
//  1. Cells of columns that may be cut are cut, down to a length at which they
//     still say something, those that matter least first.
//  2. Where that is not enough, whole columns go, those that matter least first.
//  3. Ids and states stay whole. Where even that has no room, ids are cut in the
//     middle.
//
// With -o wide all is shown. Without a terminal nothing is cut.

const (
	columnGap = 3 // what kubectl's tab writer puts between columns
	// minCell is how wide it makes a column at least.
	minCell = 3
	// shortest is what an id is cut to where nothing else helps.
	shortest = 16
)

// Give is how a column gives way where a table is too wide. The zero value never
// does.
type Give struct {
	// Rank orders what may be cut or left out: the lowest goes first. 0 stays.
	Rank int
	// Least is how many characters stay of a cell that is cut; 0 cuts none.
	Least int
	// Middle cuts in the middle: both ends of a name distinguish it.
	Middle bool
	// Room is how wide the column is at least where more rows will follow.
	Room int

	keep bool // it may be cut, but not left out
}

// ID is how a column of ids gives way: it does not, until ids and states alone
// are too wide. What is pasted into the next command has to be whole.
var ID = Give{Least: shortest, Middle: true}

// State is how a column of states gives way: it does not.
var State = Give{Room: len("Succeeded")}

// Shape is how a table is to look that has no more than a width.
type Shape struct {
	// Limit is how long the cells of each column may be, 0 for a column that is
	// left out.
	Limit []int
}

// ShapeOf decides it for columns of these widths with their gaps between them. A
// column of width 0 is not there.
func ShapeOf(widths []int, gives []Give, gap, width int) Shape {
	s := Shape{slices.Clone(widths)}
	if s.over(gap, width) <= 0 {
		return s
	}
	order := make([]int, 0, len(widths))
	for i, g := range gives {
		if g.Rank > 0 && widths[i] > 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return gives[a].Rank - gives[b].Rank })
	if s.shrink(order, gives, gap, width) {
		return s
	}
	// Without the ids whole there may be room for more.
	copy(s.Limit, widths)
	for i, g := range gives {
		if g.Rank == 0 && g.Least > 0 && widths[i] > 0 {
			order = slices.Insert(order, 0, i)
		}
	}
	s.shrink(order, gives, gap, width)
	return s
}

// shrink cuts and leaves out columns in this order until the width is enough,
// and reports whether it is.
func (s Shape) shrink(order []int, gives []Give, gap, width int) bool {
	least := func(i int) int {
		if gives[i].Least == 0 {
			return s.Limit[i]
		}
		return min(s.Limit[i], max(gives[i].Least, len(term.Ellipsis)+1))
	}
	whole, spare := slices.Clone(s.Limit), 0
	for _, i := range order {
		spare += s.Limit[i] - least(i)
	}
	var gone []int
	for _, i := range order { // what cutting cannot do
		if s.over(gap, width) <= spare {
			break
		}
		if gives[i].Rank > 0 && !gives[i].keep {
			spare -= s.Limit[i] - least(i)
			s.Limit[i] = 0
			gone = append(gone, i)
		}
	}
	for _, i := range slices.Backward(gone) { // a wide one that went last may have left room
		s.Limit[i] = whole[i]
		if more := s.Limit[i] - least(i); s.over(gap, width) <= spare+more {
			spare += more
		} else {
			s.Limit[i] = 0
		}
	}
	for _, i := range order {
		if over := s.over(gap, width); over > 0 && s.Limit[i] > 0 {
			s.Limit[i] = max(s.Limit[i]-over, least(i))
		}
	}
	return s.over(gap, width) <= 0
}

// over is how much too wide it is. Nothing is put behind the last column, and
// a column before it has a width that the tab writer gives to each.
func (s Shape) over(gap, width int) int {
	over, before := -width, 0
	for _, w := range s.Limit {
		if w > 0 {
			over += before + w
			before = gap
			if w < minCell && gap == columnGap {
				before += minCell - w
			}
		}
	}
	return over
}

// Fit makes the table no wider than width. Width 0 (no terminal) changes nothing,
// and neither does wide.
func (t *Table) Fit(width int, wide bool) {
	if width > 0 && !wide {
		widths := make([]int, len(t.ColumnDefinitions))
		t.measure(widths)
		t.apply(ShapeOf(widths, t.gives, columnGap, width))
	}
}

// FitAll is Fit for a table in parts, which are made anew each time.
func FitAll(parts iter.Seq[*Table], width int, wide bool) iter.Seq[*Table] {
	if width <= 0 || wide {
		return parts
	}
	var widths []int
	var gives []Give
	for t := range parts {
		if gives = t.gives; widths == nil {
			widths = make([]int, len(t.ColumnDefinitions))
		}
		t.measure(widths)
	}
	shape := ShapeOf(widths, gives, columnGap, width)
	return func(yield func(*Table) bool) {
		for t := range parts {
			t.apply(shape)
			if !yield(t) {
				return
			}
		}
	}
}

// Fitter fits tables that are printed one below the other by one tab writer, as
// when watching: what the first one had no room for stays away, and columns only
// grow, since the writer remembers how wide they were.
type Fitter struct{ widths []int }

// Fit makes a table fit below those before.
func (f *Fitter) Fit(t *Table, width int, wide bool) {
	if width <= 0 || wide {
		return
	}
	widths, gives := make([]int, len(t.ColumnDefinitions)), slices.Clone(t.gives)
	t.measure(widths)
	last := lastShown(f.widths)
	for i := range gives {
		if widths[i] == 0 {
			continue
		}
		widths[i] = max(widths[i], gives[i].Least, gives[i].Room)
		switch {
		case f.widths == nil:
		case f.widths[i] == 0:
			widths[i] = 0
		default: // its heading is there
			gives[i].keep = true
			if i != last { // nothing is put behind the last one
				widths[i] = max(widths[i], f.widths[i])
				if gives[i].Least > 0 {
					gives[i].Least = max(gives[i].Least, f.widths[i])
				}
			}
		}
	}
	s := ShapeOf(widths, gives, columnGap, width)
	f.widths = s.Limit
	t.apply(s)
}

func lastShown(widths []int) int {
	for i, w := range slices.Backward(widths) {
		if w > 0 {
			return i
		}
	}
	return -1
}

// measure notes the widths of the columns that are wider than those before, in
// bytes, as kubectl's tab writer counts.
func (t *Table) measure(widths []int) {
	for i, c := range t.ColumnDefinitions {
		if c.Priority > 0 {
			continue
		}
		widths[i] = max(widths[i], len(c.Name))
		for _, row := range t.Rows {
			if s, ok := row.Cells[i].(string); ok {
				widths[i] = max(widths[i], len(s))
			}
		}
	}
}

// apply cuts cells, and moves columns to the wide table that there is no room for.
func (t *Table) apply(s Shape) {
	for i := range t.ColumnDefinitions {
		if t.ColumnDefinitions[i].Priority > 0 {
			continue
		}
		if s.Limit[i] == 0 {
			t.ColumnDefinitions = slices.Clone(t.ColumnDefinitions)
			t.ColumnDefinitions[i].Priority = 1
			continue
		}
		for _, row := range t.Rows {
			if cell, ok := row.Cells[i].(string); ok {
				row.Cells[i] = cutBytes(cell, s.Limit[i], t.gives[i].Middle)
			}
		}
	}
}

// cutBytes shortens s to limit bytes at most.
func cutBytes(s string, limit int, middle bool) string {
	for runes := min(limit, utf8.RuneCountInString(s)); len(s) > limit && runes > 0; runes-- {
		if short := term.Cut(s, runes, middle); len(short) <= limit {
			return short
		}
	}
	return s
}
