package cli

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/cli/table"
)

func TestWhatIsPrintedHasNothingThatATerminalObeys(t *testing.T) {
	t.Parallel()
	const foul = "x\x1b[2J\u202ey\xff"
	const fair = `x\x1b[2J\u202ey\xff`
	var out bytes.Buffer
	f := &Factory{}
	f.ErrOut = &out
	f.Warn("warn " + foul)
	f.Notef("note %s\nmore", foul)
	f.PrintError(Usagef("error %s", foul))
	rows := &table.Table{}
	rows.Row(nil, foul, 3)
	for what, diff := range map[string]string{
		"stderr": cmp.Diff("Warning: warn "+fair+"\nnote "+fair+"\nmore\nerror: error "+fair+"\n", out.String()),
		"cells":  cmp.Diff([]any{fair, 3}, rows.Rows[0].Cells),
	} {
		if diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
}
