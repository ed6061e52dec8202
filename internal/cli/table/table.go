// Package table builds tables for a terminal: columns, sorting, and a policy for what is
// shortened or omitted in a narrow one.
package table

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/internal/cli/term"
)

// Table builds a metav1.Table: columns, then rows.
type Table struct {
	metav1.Table
	gives []Give // of the columns
}

// Row adds a row about obj. Texts go through Cell.
func (t *Table) Row(obj runtime.Object, cells ...any) {
	for i, cell := range cells {
		if s, ok := cell.(string); ok {
			cells[i] = term.Cell(s)
		}
	}
	t.Rows = append(t.Rows, metav1.TableRow{Cells: cells, Object: runtime.RawExtension{Object: obj}})
}

// Column adds a column; a wide one shows up with -o wide only.
func (t *Table) Column(name string, wide bool, give Give) {
	priority := int32(0)
	if wide {
		priority = 1
	}
	if give.Least > 0 {
		give.Least = max(give.Least, len(name))
	}
	t.gives = append(t.gives, give)
	t.ColumnDefinitions = append(t.ColumnDefinitions,
		metav1.TableColumnDefinition{Name: name, Type: "string", Priority: priority})
}
