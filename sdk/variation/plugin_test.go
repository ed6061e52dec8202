package variation

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// asPlugin makes the test binary a plug-in: what its value says.
const asPlugin = "VAST_TEST_PLUGIN"

func TestMain(m *testing.M) {
	if how := os.Getenv(asPlugin); how != "" {
		os.Exit(plugin(how))
	}
	os.Exit(m.Run())
}

// plugin is a variation type as a user would write it.
func plugin(how string) int {
	var in struct {
		Config struct {
			Name       string
			Parameters map[string]json.RawMessage
		}
		Settings map[string]json.RawMessage
		Dir      string
	}
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 3
	}
	wd, err := os.Getwd()
	switch {
	case err != nil || !sameFolder(wd, in.Dir):
		fmt.Fprintf(os.Stderr, "started in %s, but dir is %s", wd, in.Dir)
		return 4
	case how == "fail":
		fmt.Fprintf(os.Stderr, "%s\n\nfirst\n  second\nthe map of %s is missing\n", strings.Repeat("noise\n", 1000), in.Config.Name)
		return 5
	case how != "ok":
		fmt.Print(how)
		return 0
	}
	fmt.Printf(`[{"z": %s, "length": %s, "whole": 3}, {"a": {"list": [1, 2.0, "x", null]}, "name": %q}]`,
		in.Config.Parameters["x"], in.Settings["length"], in.Config.Name)
	return 0
}

func sameFolder(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// withPlugin expands a file with a plug-in that behaves as how says.
func withPlugin(t *testing.T, how string) (*Configs, error) {
	t.Helper()
	t.Setenv(asPlugin, how)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r := Default()
	if err := r.Plugin("PathVariation", exe); err != nil {
		t.Fatal(err)
	}
	c := campaign(t, "- name: a\n  variations:\n  - ParameterVariationList: {name: x, values: [1, 2.0, <b>]}\n  - PathVariation: {length: 10.0, more: {a: [1]}}\n")
	c.Path = filepath.Join(t.TempDir(), "c.vast")
	return Expand(t.Context(), c, r)
}

func TestAPluginGetsAConfigurationAndGivesItsChildren(t *testing.T) {
	got, err := withPlugin(t, "ok")
	if err != nil {
		t.Fatal(err)
	}
	want := `
a-1-1 {"x":1,"z":1,"length":10.0,"whole":3}
a-1-2 {"x":1,"a":{"list":[1,2.0,"x",null]},"name":"a-1"}
a-2-1 {"x":2.0,"z":2.0,"length":10.0,"whole":3}
a-2-2 {"x":2.0,"a":{"list":[1,2.0,"x",null]},"name":"a-2"}
a-3-1 {"x":"<b>","z":"<b>","length":10.0,"whole":3}
a-3-2 {"x":"<b>","a":{"list":[1,2.0,"x",null]},"name":"a-3"}
`
	if diff := cmp.Diff(want, "\n"+lines(got)); diff != "" {
		t.Errorf("configurations (-want,+got):\n%s", diff)
	}
}

func TestAPluginThatFails(t *testing.T) {
	for name, tt := range map[string]struct{ how, want string }{
		"with its last words": {"fail", "exit status 5; it said: first | second | the map of a-"},
		"no JSON":             {"hello", "what it printed is not a JSON list of objects: invalid character 'h'"},
		"no list":             {`{"a": 1}`, `what it printed is not a JSON list of objects: "[" is expected, but there is {`},
		"no objects":          {`[{"a": 1}, 2]`, `item 2: "{" is expected, but there is 2`},
		"half a list":         {`[{"a": 1}`, "unexpected EOF"},
		"an unnamed one":      {`[{"": 1}]`, `item 1: the parameter "" has no name`},
		"text behind":         {`[{"a": 1}] done`, "text follows the list; write messages to stderr"},
		"one of its own name": {`[{"_output_dir": 1}]`, `item 1: the parameter "_output_dir" is set for each run and cannot be given`},
		"no children":         {"[]", "gives no configuration for a-"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := withPlugin(t, tt.how)
			text := invalid(t, err)
			if !strings.Contains(text, ":7:5: configuration[0].variations[1].PathVariation: ") || !strings.Contains(text, tt.want) || strings.Contains(text, "\n") {
				t.Errorf("%s\nlacks %q", text, tt.want)
			}
		})
	}
}

func TestAPluginThatCannotBeRun(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := Default()
	for _, exe := range []string{"no-such-program", filepath.Join(t.TempDir(), "none"), plain, t.TempDir()} {
		if runtime.GOOS == "windows" && exe == plain {
			continue
		}
		if err := r.Plugin("X", exe); err == nil || !strings.Contains(invalid(t, err), exe) {
			t.Errorf("%s: %v", exe, err)
		}
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Plugin("OneOfVariation", exe); err == nil {
		t.Error("a type of the format was replaced")
	}
}
