package table

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/kubectl/pkg/cmd/get"
)

// tasksTable has a row with everything long, and one with a reason only.
func tasksTable() *Table {
	t := &Table{}
	t.Column("ID", false, ID)
	t.Column("Name", false, Give{Rank: 3, Least: 16, Middle: true})
	t.Column("State", false, State)
	t.Column("N", false, Give{Rank: 1})
	t.Column("Reason", false, Give{Rank: 2, Least: 12})
	t.Column("Job", true, Give{})
	t.Row(nil, "x7k2m9qa", "a-rather-long-name-of-a-task", "Succeeded", "1", "image not found in the registry", strings.Repeat("w", 90))
	t.Row(nil, "aaaabbbb", "b", "Failed", "12", "", "")
	return t
}

func printed(t *testing.T, tables ...*Table) string {
	t.Helper()
	p, err := get.NewHumanPrintFlags().ToPrinter("")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, table := range tables {
		if err := p.PrintObj(&table.Table, &out); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

func TestATableIsCutAndThenLosesColumnsButNeverIDsAndStates(t *testing.T) {
	for width, want := range map[int]string{
		0: `
ID         NAME                           STATE       N     REASON
x7k2m9qa   a-rather-long-name-of-a-task   Succeeded   1     image not found in the registry
aaaabbbb   b                              Failed      12    
`,
		79: `
ID         NAME                           STATE       N     REASON
x7k2m9qa   a-rather-long-name-of-a-task   Succeeded   1     image not found...
aaaabbbb   b                              Failed      12    
`,
		60: `
ID         NAME               STATE       N     REASON
x7k2m9qa   a-rathe...a-task   Succeeded   1     image not...
aaaabbbb   b                    Failed      12    
`,
		55: `
ID         NAME               STATE       REASON
x7k2m9qa   a-rathe...-a-task   Succeeded   image not...
aaaabbbb   b                   Failed      
`,
		40: `
ID         NAME               STATE
x7k2m9qa   a-rathe...-a-task   Succeeded
aaaabbbb   b                  Failed
`,
		24: `
ID         STATE
x7k2m9qa   Succeeded
aaaabbbb   Failed
`,
	} {
		table := tasksTable()
		table.Fit(width, false)
		got := printed(t, table)
		if diff := cmp.Diff(normal(want[1:]), normal(got)); diff != "" {
			t.Errorf("%d columns (-want,+got):\n%s", width, diff)
		}
		for line := range strings.Lines(got) {
			if width > 0 && len(strings.TrimRight(line, "\n")) > width {
				t.Errorf("%d columns: %q has %d", width, line, len(line)-1)
			}
		}
	}
}

// normal leaves only the words, since the gaps follow from them.
func normal(s string) string {
	var out []string
	for line := range strings.Lines(s) {
		out = append(out, strings.Join(strings.Fields(line), " "))
	}
	return strings.Join(out, "\n")
}

func TestAnIDThatHasNoRoomIsCutInTheMiddleAndTheStateIsWhole(t *testing.T) {
	table := &Table{}
	table.Column("Campaign", false, ID)
	table.Column("State", false, Give{})
	table.Column("Done", false, Give{Rank: 1})
	table.Row(nil, strings.Repeat("a", 50)+"-2026-11-21-101500", "Succeeded", "4/4")
	table.Fit(60, false)
	got := printed(t, table)
	if !strings.Contains(got, "-101500   Succeeded   4/4\n") || !strings.Contains(got, "aaa...") {
		t.Errorf("got:\n%s", got)
	}
}

func TestAWideTableIsWhole(t *testing.T) {
	table := tasksTable()
	table.Fit(40, true)
	if diff := cmp.Diff(tasksTable().Rows, table.Rows); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsNotASCIIFitsToo(t *testing.T) {
	for width := 30; width < 90; width++ {
		table := tasksTable()
		table.Rows[0].Cells[1] = "eine-ziemlich-länge-Aufgabe-für-später"
		table.Rows[1].Cells[4] = strings.Repeat("字", 30)
		table.Fit(width, false)
		for line := range strings.Lines(printed(t, table)) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > width {
				t.Errorf("%d columns: %q has %d characters", width, line, n)
			}
		}
	}
}

func TestTablesBelowEachOtherKeepTheirColumns(t *testing.T) {
	for _, width := range []int{25, 40, 60, 80} {
		var fitter Fitter
		p, err := get.NewHumanPrintFlags().ToPrinter("")
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		w := printers.GetNewTabWriter(&out)
		for i, row := range [][]any{
			{"aaaabbbb", "b", "Pending", "1", "", ""},
			{"aaaabbbb", "b", "Running", "1", "image not found in the registry, and more of it that is long", ""},
			{"x7k2m9qa", "a-rather-long-name-of-a-task", "Succeeded", "1", "", ""},
			{"aaaabbbb", "b", "Failed", "1", "image not found in the registry, and more of it that is long", ""},
		} {
			table := tasksTable()
			table.Rows = nil
			table.Row(nil, row...)
			fitter.Fit(table, width, false)
			if err := p.PrintObj(&table.Table, w); err != nil {
				t.Fatal(err)
			}
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			if heads := strings.Count(out.String(), "STATE"); heads != 1 {
				t.Fatalf("%d columns: %d headings after row %d:\n%s", width, heads, i, out.String())
			}
		}
		for line := range strings.Lines(out.String()) {
			if n := len(strings.TrimRight(line, " \n")); n > width {
				t.Errorf("%d columns: %q has %d", width, line, n)
			}
		}
		for _, want := range []string{"x7k2m9qa", "Succeeded"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%d columns lack %s:\n%s", width, want, out.String())
			}
		}
	}
}
