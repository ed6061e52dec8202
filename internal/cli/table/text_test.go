package table

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestATextTableWrapsItsLastColumnAndLosesNothingOfIt(t *testing.T) {
	table := &TextTable{Indent: "  "}
	table.Column("Node", ID)
	table.Column("State", State)
	table.Column("Pod", Give{Rank: 1, Least: 12, Middle: true})
	table.Column("Reason", Give{})
	table.Row("0", "Succeeded", "train-x7k2m9qa-0-abcde", "")
	table.Row("1", "Failed", "train-x7k2m9qa-1-abcde", "exit code 1: the file /data/in/set-1.npz was not found")
	for width, want := range map[int]string{
		0: `
  NODE   STATE       POD                      REASON
  0      Succeeded   train-x7k2m9qa-0-abcde
  1      Failed      train-x7k2m9qa-1-abcde   exit code 1: the file /data/in/set-1.npz was not found
`,
		80: `
  NODE   STATE       POD                      REASON
  0      Succeeded   train-x7k2m9qa-0-abcde
  1      Failed      train-x7k2m9qa-1-abcde   exit code 1: the file
                                              /data/in/set-1.npz was not found
`,
		30: `
  NODE   STATE
  0      Succeeded
  1      Failed
    exit code 1: the file
    /data/in/set-1.npz was not
    found
`,
	} {
		lines := table.Lines(width)
		if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), strings.Join(lines, "\n")+"\n"); diff != "" {
			t.Errorf("%d columns (-want,+got):\n%s", width, diff)
		}
		for _, line := range lines {
			if width > 0 && utf8.RuneCountInString(line) > width {
				t.Errorf("%d columns: %q", width, line)
			}
		}
	}
}
