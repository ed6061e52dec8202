package cli

import (
	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/kubevast/vast/internal/cli/table"
)

// Listing prints the list of a list command: sorted by --sort-by, in the form of
// -o, or as a table.
type Listing[T any] struct {
	*Factory
	Output *GetFlags
	// Printer is set by Complete.
	Printer printers.ResourcePrinter
}

// NewListing returns a Listing.
func NewListing[T any](f *Factory) Listing[T] { return Listing[T]{Factory: f, Output: NewGetFlags(f)} }

// AddListingFlags adds -o, --no-headers and --sort-by; columns are all that there can be.
func (l *Listing[T]) AddListingFlags(c *cobra.Command, columns table.Columns[T]) {
	l.Output.AddFlags(c)
	l.Output.AddSort(c, columns.Keys())
}

// Complete checks -o. It returns a UsageError.
func (l *Listing[T]) Complete() (err error) {
	l.Printer, err = l.Output.Printer()
	return err
}

// Print prints list, whose items are given too. makeTable returns the table of a list
// that is not empty; nothing prints the text for an empty one.
func (l *Listing[T]) Print(list runtime.Object, items []T, columns table.Columns[T], makeTable func([]T) *table.Table, nothing func()) error {
	if err := SortItems(l.Output, columns, items); err != nil {
		return err
	}
	switch {
	case !l.Output.Human():
		return l.Output.PrintList(l.Printer, list, l.Out)
	case len(items) == 0:
		nothing()
		return nil
	}
	return l.Output.PrintTable(l.Printer, makeTable(items), l.Width(), l.Out)
}
