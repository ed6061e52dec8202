package contexts_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/contexts"
	"github.com/kubevast/vast/sdk/internal/percontext"
)

func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// says checks that an error is an InvalidSpecError with this text; empty for none.
func says(t *testing.T, err error, want string) {
	t.Helper()
	var invalid *api.InvalidSpecError
	switch {
	case want == "" && err == nil:
	case want == "" || !errors.As(err, &invalid):
		t.Fatalf("error %v, want %q", err, want)
	default:
		var got []string
		for _, p := range invalid.Problems {
			line := p.String()
			for _, r := range p.Remedies {
				line += fmt.Sprintf(" [%s to %s]", strings.Join(r.Options, " "), r.Purpose)
			}
			got = append(got, line)
		}
		if diff := cmp.Diff(want, strings.Join(got, "\n")); diff != "" {
			t.Errorf("error (-want,+got):\n%s", diff)
		}
	}
}

func TestOneValue(t *testing.T) {
	for name, tt := range map[string]struct {
		value, context string
		want           any
		says           string
	}{
		"a number":                        {"4", "", 4, ""},
		"a text":                          {"10Gi", "local", "10Gi", ""},
		"nothing":                         {"null", "", nil, ""},
		"a list of plain values":          {"[80, 81]", "", []any{80, 81}, ""},
		"an empty list":                   {"[]", "", []any{}, ""},
		"a mapping":                       {"{a: 1}", "", map[string]any{"a": 1}, ""},
		"the context's entry":             {"[{gcp-c4: 4}, {local: 8}]", "local", 8, ""},
		"a name with / : @":               {"[{'gke_p/eu:c@l': 4Gi}, {local: 8Gi}]", "gke_p/eu:c@l", "4Gi", ""},
		"a name with a blank":             {"[{my cluster: 4}]", "my cluster", 4, ""},
		"a name like a number":            {"[{1: 4}, {true: 5}]", "1", 4, ""},
		"an entry that is a list":         {"[{a: [80, 81]}]", "a", []any{80, 81}, ""},
		"an entry that is null":           {"[{a: null}]", "a", nil, ""},
		"names are not patterns":          {"[{a.*: 1}, {A: 2}]", "a", nil, `there is no value for context "a", only for "a.*", "A"; add one, or write a plain value for all clusters`},
		"no context":                      {"[{b: 4}, {a: 8}]", "", nil, `the value depends on the cluster: there are values for the contexts "b", "a" [Context to choose one]`},
		"no context, one entry":           {"[{b: 4}]", "", nil, `the value depends on the cluster: there are values for the contexts "b" [Context to choose one]`},
		"no match":                        {"[{gcp-c4: 4}, {local: 8}]", "other", nil, `there is no value for context "other", only for "gcp-c4", "local"; add one, or write a plain value for all clusters`},
		"an item that is none":            {"[{a: 4}, 8]", "a", nil, `[1]: is not a context with its value, as other items of this list are; write all of them as {context: value}`},
		"an item of two":                  {"[{a: 4, b: 8}]", "a", nil, `[0]: has 2 keys; give each context an item of its own: - "a": ..., - "b": ...`},
		"an item that is empty":           {"[{a: 4}, {}]", "a", nil, `[1]: is empty; write a context with its value, {context: value}`},
		"a context twice":                 {"[{a: 4}, {a: 4}]", "b", nil, `[1]: context "a" is already in item 1 of this list; give it one value`},
		"a context without a name":        {"[{'': 4}]", "a", nil, `[0]: names no context; write {context: value}`},
		"a list in a list":                {"[{a: [{a: 4}]}]", "a", nil, "[0]: " + percontext.Nested},
		"a broken list without a context": {"[{a: 4}, 8]", "", nil, `[1]: is not a context with its value, as other items of this list are; write all of them as {context: value}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := contexts.Value(decode[any](t, tt.value), tt.context)
			says(t, err, tt.says)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("value (-want,+got):\n%s", diff)
			}
		})
	}
}

func TestAMapOfResources(t *testing.T) {
	const file = `
cpu: [{gcp-c4: 4}, {local: 8}]
memory: 10Gi
gpu: null
disk: [{local: null}, {gcp-c4: 1}]
ports: [80]
volumes: [{path: /data}]
any_of:
- {accelerators: [{local: T4}]}
- plain
`
	for name, tt := range map[string]struct {
		file, context string
		want          map[string]any
		says          string
	}{
		"all fields are resolved, empty ones left out": {file, "local", map[string]any{
			"cpu": 8, "memory": "10Gi", "ports": []any{80}, "volumes": []any{map[string]any{"path": "/data"}},
			"any_of": []any{map[string]any{"accelerators": "T4"}, "plain"},
		}, ""},
		"nothing":                      {"{}", "", map[string]any{}, ""},
		"plain values need no context": {"{cpu: 1}", "", map[string]any{"cpu": 1}, ""},
		"no context, asked for once": {file, "", nil,
			`any_of[0].accelerators: the value depends on the cluster: there are values for the contexts "local", "gcp-c4" [Context to choose one]`},
		"all problems at once": {"{cpu: [{a: 1}], memory: [{a: 1}, {a: 2}, 3], any_of: [{cpu: [{c: 1}]}]}", "b", nil, strings.Join([]string{
			`any_of[0].cpu: there is no value for context "b", only for "c"; add one, or write a plain value for all clusters`,
			`cpu: there is no value for context "b", only for "a"; add one, or write a plain value for all clusters`,
			`memory[1]: context "a" is already in item 1 of this list; give it one value`,
			`memory[2]: is not a context with its value, as other items of this list are; write all of them as {context: value}`,
		}, "\n")},
	} {
		t.Run(name, func(t *testing.T) {
			in := decode[map[string]any](t, tt.file)
			got, err := contexts.Resources(in, tt.context)
			says(t, err, tt.says)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("resources (-want,+got):\n%s", diff)
			}
			if diff := cmp.Diff(decode[map[string]any](t, tt.file), in); diff != "" {
				t.Errorf("the argument was changed:\n%s", diff)
			}
		})
	}
}
