package table

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Column is one column of a list: what it shows, how it is sorted by, and how it
// gives way in a narrow terminal.
type Column[T any] struct {
	Name string
	// Wide columns show up with -o wide only.
	Wide bool
	Text func(*T) string
	// Order compares two items by this column; nil compares their texts.
	Order func(a, b *T) int
	Give
}

// Columns are those of a list.
type Columns[T any] []Column[T]

// Table returns a table of these columns without rows.
func (c Columns[T]) Table() *Table {
	t := &Table{}
	for _, column := range c {
		t.Column(column.Name, column.Wide, column.Give)
	}
	return t
}

// Add adds a row about an item, which obj holds.
func (c Columns[T]) Add(t *Table, obj runtime.Object, item *T) {
	cells := make([]any, len(c))
	for i, column := range c {
		cells[i] = column.Text(item)
	}
	t.Row(obj, cells...)
}

// Of returns a table of these columns with a row for each item.
func Of[T any, P interface {
	*T
	runtime.Object
}](c Columns[T], items []T) *Table {
	t := c.Table()
	for i := range items {
		c.Add(t, P(&items[i]), &items[i])
	}
	return t
}

// Keys are the columns' names as --sort-by takes them.
func (c Columns[T]) Keys() []string {
	keys := make([]string, len(c))
	for i, column := range c {
		keys[i] = sortKey(column.Name)
	}
	return keys
}

// sortKey is a column's name as one types it: "Starts (est.)" is "starts".
func sortKey(name string) string {
	name, _, _ = strings.Cut(name, "(")
	return strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), " ", "-")
}

// same reports that a user means a column.
func sameKey(typed, key string) bool {
	letters := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return unicode.ToLower(r)
			}
			return -1
		}, s)
	}
	return letters(typed) == letters(key)
}

// Sort sorts items by what --sort-by was given, a column or a JSONPath; without
// it they stay as they are. Items that are alike keep their order.
func (c Columns[T]) Sort(by string, items []T) error {
	if by == "" {
		return nil
	}
	if !strings.ContainsAny(by, "{.[") {
		for _, column := range c {
			if !sameKey(by, sortKey(column.Name)) {
				continue
			}
			order := column.Order
			if order == nil {
				order = func(a, b *T) int { return strings.Compare(column.Text(a), column.Text(b)) }
			}
			slices.SortStableFunc(items, func(a, b T) int { return order(&a, &b) })
			return nil
		}
	}
	if err := sortByPath(by, items); err != nil {
		return fmt.Errorf("%w; columns are %s", err, strings.Join(c.Keys(), ", "))
	}
	return nil
}

// By compares by a value.
func By[T any, V cmp.Ordered](value func(*T) V) func(a, b *T) int {
	return func(a, b *T) int { return cmp.Compare(value(a), value(b)) }
}

// ByAge puts what is newest first, as its age is the smallest, and last what has
// no time.
func ByAge[T any](at func(*T) *metav1.Time) func(a, b *T) int {
	return func(a, b *T) int { return compareTimes(at(b), at(a), at(b).IsZero(), at(a).IsZero()) }
}

// ByTime puts what is first in time first, and last what has no time.
func ByTime[T any](at func(*T) *metav1.Time) func(a, b *T) int {
	return func(a, b *T) int { return compareTimes(at(a), at(b), at(b).IsZero(), at(a).IsZero()) }
}

func compareTimes(x, y *metav1.Time, bLacks, aLacks bool) int {
	switch {
	case aLacks && bLacks:
		return 0
	case aLacks:
		return 1
	case bLacks:
		return -1
	}
	return x.Time.Compare(y.Time)
}
