package yaml11

import (
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// reading is a line of the table.
type reading struct{ kind, text string }

func table(t *testing.T) map[string]reading {
	t.Helper()
	data, err := os.ReadFile("testdata/table.tsv")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]reading{}
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		var scalar, text string
		if len(cells) != 3 || json.Unmarshal([]byte(cells[0]), &scalar) != nil || json.Unmarshal([]byte(cells[2]), &text) != nil {
			t.Fatalf("line %q", line)
		}
		out[scalar] = reading{cells[1], text}
	}
	return out
}

func kind(v any) string {
	switch v := v.(type) {
	case nil:
		return "NoneType"
	case int64, *big.Int:
		return "int"
	case float64:
		return "float"
	case string:
		return "str"
	case Time:
		if v.Date {
			return "date"
		}
		return "datetime"
	}
	return fmt.Sprintf("%T", v)
}

func TestScalarsAreReadAsPyYAMLReadsThem(t *testing.T) {
	all := table(t)
	if len(all) < 3000 {
		t.Fatalf("%d scalars", len(all))
	}
	for scalar, want := range all {
		v := Value(scalar)
		got := reading{kind(v), Text(v)}
		if want.kind == "error" { // it is text then
			want = reading{"str", scalar}
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(reading{})); diff != "" {
			t.Errorf("%.80q (-PyYAML,+here):\n%s", scalar, diff)
		}
	}
}

// What reads a file must not hang on it.
func TestNoNumberIsLongerThanOneThatPythonReads(t *testing.T) {
	for name, scalar := range map[string]string{
		"digits":       strings.Repeat("7", maxNumber+1),
		"base sixty":   "1" + strings.Repeat(":30", 1<<19),
		"hexadecimals": "0x" + strings.Repeat("f", 1<<20),
		"a fraction":   "1." + strings.Repeat("5", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			if got := Value(scalar); got != scalar {
				t.Errorf("is read as %T", got)
			}
		})
	}
}
