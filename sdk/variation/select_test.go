package variation

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhichConfigurationsAreChosen(t *testing.T) {
	var configs []Config
	for _, name := range []string{"test-1-1", "test-1-2", "test-2-1", "fixed"} {
		configs = append(configs, Config{Name: name})
	}
	for name, tt := range map[string]struct {
		globs      []string
		want, says string
	}{
		"all of them":          {nil, "test-1-1 test-1-2 test-2-1 fixed", ""},
		"by name":              {[]string{"fixed"}, "fixed", ""},
		"by patterns":          {[]string{"test-?-1", "*-[1]-2", "test-1-1"}, "test-1-1 test-1-2 test-2-1", ""},
		"none, and a near one": {[]string{"fixd", "fixed"}, "", `Configs: no configuration fits "fixd"; did you mean "fixed"?`},
		"none":                 {[]string{"x*"}, "", `Configs: no configuration fits "x*"; the first one is called "test-1-1"`},
		"no pattern": {[]string{"[", "y*"}, "", `Configs: "[" is not a pattern; "*" matches any text, "?" one character, "[a-c]" one of these` + "\n" +
			`Configs: no configuration fits "y*"; the first one is called "test-1-1"`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Select(Of(configs...), tt.globs)
			if tt.says != "" {
				if diff := cmp.Diff(tt.says, invalid(t, err)); diff != "" {
					t.Errorf("problems (-want,+got):\n%s", diff)
				}
				return
			}
			var names []string
			for c := range got.All() {
				names = append(names, c.Name)
			}
			if diff := cmp.Diff(tt.want, strings.Join(names, " ")); diff != "" || err != nil {
				t.Errorf("error %v, chosen (-want,+got):\n%s", err, diff)
			}
		})
	}
}

func TestValuesAsJSON(t *testing.T) {
	for _, tt := range []struct {
		value any
		want  string
	}{
		{21.0, "21.0"}, {-0.5, "-0.5"}, {1e-7, "1.0e-07"}, {1e21, "1.0e+21"}, {1.5e300, "1.5e+300"}, {int64(7), "7"},
		{"<a> \"b\"", `"<a> \"b\""`}, {nil, "null"}, {true, "true"},
		{map[string]any{"b": []any{1.0, "x"}, "a": map[string]any{}}, `{"a":{},"b":[1.0,"x"]}`},
	} {
		if got := string(JSON(tt.value)); got != tt.want {
			t.Errorf("%v became %s, want %s", tt.value, got, tt.want)
		}
	}
}
