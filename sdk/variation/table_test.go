package variation

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// drawn is a line of the table that testdata/drawn.py makes.
type drawn struct{ kind, settings, hash, first string }

func drawnByPython(t *testing.T) []drawn {
	t.Helper()
	data, err := os.ReadFile("testdata/drawn.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var out []drawn
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(cells) != 4 {
			t.Fatalf("line %q", line)
		}
		out = append(out, drawn{cells[0], cells[1], cells[2], cells[3]})
	}
	return out
}

// settingsOf reads settings as a campaign file's reader does: whole numbers of
// any size, and fractions.
func settingsOf(t *testing.T, text string) map[string]any {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	out := map[string]any{"name": "x"}
	if err := dec.Decode(&out); err != nil {
		t.Fatal(err)
	}
	for key, v := range out {
		n, ok := v.(json.Number)
		if !ok {
			continue
		}
		if whole, ok := new(big.Int).SetString(n.String(), 10); ok {
			out[key] = small(whole)
		} else if out[key], _ = n.Float64(); ok {
			t.Fatal(n)
		}
	}
	return out
}

// pythonHex is Python's float.hex.
func pythonHex(f float64) string {
	text := strconv.FormatFloat(f, 'x', 13, 64)
	mantissa, exponent, _ := strings.Cut(text, "p")
	n, _ := strconv.Atoi(exponent)
	if f == 0 {
		return strings.TrimSuffix(mantissa, "000000000000") + "p+0"
	}
	return fmt.Sprintf("%sp%+d", mantissa, n)
}

func valueText(v any) string {
	switch v := v.(type) {
	case float64:
		return pythonHex(v)
	case bool:
		return map[bool]string{true: "True", false: "False"}[v]
	}
	return fmt.Sprint(v)
}

func TestValuesAreThoseOfPythonAndNumpyToTheLastBit(t *testing.T) {
	types := map[string]func(Input) (changes, error){"uniform": uniform, "gaussian": gaussian}
	lines := drawnByPython(t)
	if len(lines) < 700 {
		t.Fatalf("%d lines", len(lines))
	}
	for _, want := range lines {
		all, err := types[want.kind](Input{Settings: settingsOf(t, want.settings)})
		if err != nil {
			t.Errorf("%s %s: %v", want.kind, want.settings, err)
			continue
		}
		for range 2 { // the same ones each time
			var texts []string
			for change := range all.all {
				texts = append(texts, valueText(change[0].Value))
			}
			sum := sha256.Sum256([]byte(strings.Join(texts, "\n")))
			got := drawn{want.kind, want.settings, hex.EncodeToString(sum[:]), strings.Join(texts[:3], " ")}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(drawn{})); diff != "" {
				t.Errorf("(-Python,+here):\n%s", diff)
			}
		}
	}
}

// The table is what a Python of today says, too, where there is one with numpy.
func TestTheTableIsThatOfPython(t *testing.T) {
	var out []byte
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		var err error
		if out, err = exec.Command(python, "testdata/drawn.py").Output(); err == nil {
			break
		}
	}
	if len(out) == 0 {
		t.Skip("no Python with numpy")
	}
	want, err := os.ReadFile("testdata/drawn.tsv")
	if err != nil {
		t.Fatal(err)
	}
	_, now, _ := bytes.Cut(out, []byte("\n")) // the first line has the versions
	_, then, _ := bytes.Cut(want, []byte("\n"))
	if diff := cmp.Diff(string(then), string(now)); diff != "" {
		t.Errorf("(-table,+Python):\n%s", diff)
	}
}
