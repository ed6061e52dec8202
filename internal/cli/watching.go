package cli

import (
	"context"
	"iter"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/kubevast/vast/internal/cli/table"
)

// WatchedItem is an item of a list that --watch prints again after a change.
type WatchedItem[T any] interface {
	*T
	runtime.Object
	GetUID() types.UID
}

// Watch prints items, and then each changed item whose row differs from the last one
// printed, until ctx is done. row returns the text by which two rows are compared.
func Watch[T any, P WatchedItem[T]](ctx context.Context, l *Listing[T], items []T, changes iter.Seq2[P, error], row func(P) string, makeTable func([]T) *table.Table) error {
	shown := map[types.UID]string{}
	// One tab writer for all keeps the columns where they are.
	out := printers.GetNewTabWriter(l.Out)
	var fitter table.Fitter
	show := func(items ...T) error {
		for i := range items {
			item := P(&items[i])
			shown[item.GetUID()] = row(item)
		}
		if l.Output.Human() {
			rows := makeTable(items)
			if l.Output.PlainTable() {
				fitter.Fit(rows, l.Width(), l.Output.Wide())
			}
			if err := l.Printer.PrintObj(&rows.Table, out); err != nil {
				return err
			}
			return out.Flush()
		}
		for i := range items {
			if err := l.Printer.PrintObj(P(&items[i]), l.Out); err != nil {
				return err
			}
		}
		return nil
	}
	if len(items) > 0 || l.Output.Human() {
		if err := show(items...); err != nil {
			return err
		}
	}
	for item, err := range changes {
		if err != nil {
			return err
		}
		if before, printed := shown[item.GetUID()]; printed && before == row(item) {
			continue
		}
		if err := show(*item); err != nil {
			return err
		}
	}
	return ctx.Err()
}
