package cmd

import (
	"fmt"
	"io"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/cli"
)

// writeTable writes a table as wide as the terminal is.
func writeTable(f *cli.Factory, out io.Writer, table *cli.TextTable) {
	for _, line := range table.Lines(f.Width()) {
		fmt.Fprintln(out, line)
	}
}

// moment is a time with its age.
func moment(f *cli.Factory, t *metav1.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format(time.DateTime) + " (" + f.Age(*t) + " ago)"
}
