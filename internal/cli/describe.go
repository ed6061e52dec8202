package cli

import (
	"fmt"
	"io"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/cli/table"
)

// WriteTable writes a table as wide as the terminal is.
func WriteTable(f *Factory, out io.Writer, table *table.TextTable) {
	for _, line := range table.Lines(f.Width()) {
		fmt.Fprintln(out, line)
	}
}

// Moment is a time with its age.
func Moment(f *Factory, t *metav1.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format(time.DateTime) + " (" + f.Age(*t) + " ago)"
}
