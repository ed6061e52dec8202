package variation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// campaign parses the configuration of a campaign.
func campaign(t *testing.T, configuration string) *spec.Campaign {
	t.Helper()
	c, err := spec.ParseCampaign("dir/c.vast", []byte("version: 1\nexecution: {image: a, runs: 1, command: x}\nconfiguration:\n"+configuration), spec.Inputs{})
	if err != nil {
		t.Fatalf("refused:\n%v", err)
	}
	return c
}

// lines shows configurations, one a line.
func lines(configs *Configs) string {
	var b strings.Builder
	for c := range configs.All() {
		fmt.Fprintf(&b, "%s %s\n", c.Name, appendObject(nil, c.Parameters))
	}
	return b.String()
}

// invalid checks that an error is an InvalidSpecError, and returns its problems, one
// a line, each with its remedies.
func invalid(t *testing.T, err error) string {
	t.Helper()
	var inv *api.InvalidSpecError
	if !errors.As(err, &inv) {
		t.Fatalf("error %v, want an InvalidSpecError", err)
	}
	out := make([]string, len(inv.Problems))
	for i, p := range inv.Problems {
		out[i] = p.String()
		for _, r := range p.Remedies {
			out[i] += fmt.Sprintf(" [%s to %s]", strings.Join(r.Options, " "), r.Purpose)
		}
	}
	return strings.Join(out, "\n")
}

func TestWhatConfigurationsBecome(t *testing.T) {
	for name, tt := range map[string]struct{ file, want string }{
		"without variations they stay what they are": {`
- name: a
- name: b
  parameters: [{x: 1}, {y: 0.0}]
`, `
a {}
b {"x":1,"y":0.0}
`},
		"one variation numbers the children from 1": {`
- name: a
  variations: [{ParameterVariationList: {name: x, values: [1, "2", 3.0, [4], {z: 5}, null, true]}}]
`, `
a-1 {"x":1}
a-2 {"x":"2"}
a-3 {"x":3.0}
a-4 {"x":[4]}
a-5 {"x":{"z":5}}
a-6 {"x":null}
a-7 {"x":true}
`},
		"variations multiply, and number from 1 for each parent": {`
- name: a
  variations:
  - ParameterVariationList: {name: x, values: [1, 2]}
  - ParameterVariationList: {name: y, values: [a, b]}
- name: b
  variations:
  - ParameterVariationList: {name: x, values: [1]}
`, `
a-1-1 {"x":1,"y":"a"}
a-1-2 {"x":1,"y":"b"}
a-2-1 {"x":2,"y":"a"}
a-2-2 {"x":2,"y":"b"}
b-1 {"x":1}
`},
		"variations go on top of parameters, which keep their place": {`
- name: a
  parameters: [{x: 0}, {y: 0}]
  variations:
  - ParameterVariationList: {name: z, values: [1]}
  - ParameterVariationList: {name: x, values: [2]}
`, `
a-1-1 {"x":2,"y":0,"z":1}
`},
		"several names change together": {`
- name: a
  variations:
  - ParameterVariationList: {name: [mesh, map], values: [[a.stl, a.yaml], [b.stl, b.yaml]]}
`, `
a-1 {"mesh":"a.stl","map":"a.yaml"}
a-2 {"mesh":"b.stl","map":"b.yaml"}
`},
		"branches follow each other, and number on": {`
- name: a
  variations:
  - OneOfVariation:
      variations:
      - ParameterVariationList: {name: x, values: [1, 2]}
      - OneOfVariation: {variations: [{ParameterVariationList: {name: y, values: [3]}}]}
  - ParameterVariationList: {name: z, values: [0]}
`, `
a-1-1 {"x":1,"z":0}
a-2-1 {"x":2,"z":0}
a-3-1 {"y":3,"z":0}
`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Expand(t.Context(), campaign(t, tt.file), Default())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, "\n"+lines(got)); diff != "" {
				t.Errorf("configurations (-want,+got):\n%s", diff)
			}
		})
	}
}

func TestChildrenDoNotChangeEachOther(t *testing.T) {
	c := campaign(t, "- name: a\n  parameters: [{x: 0}]\n  variations: [{ParameterVariationList: {name: x, values: [1, 2]}}, {ParameterVariationList: {name: y, values: [1, 2]}}]\n")
	got, err := Expand(t.Context(), c, Default())
	if err != nil || got.Len() != 4 {
		t.Fatalf("%v, error %v", got, err)
	}
	all := slices.Collect(got.All())
	all[0].Parameters = append(all[0].Parameters, spec.Parameter{Name: "more"})
	if want := "a-1-2 {\"x\":1,\"y\":2}\n"; lines(Of(all[1])) != want {
		t.Errorf("a sibling became %s", lines(Of(all[1])))
	}
	if v := c.Configurations[0].Parameters[0].Value; v != int64(0) {
		t.Errorf("the file's own parameter became %v", v)
	}
}

func TestWhatCannotBeExpanded(t *testing.T) {
	for name, tt := range map[string]struct{ file, want string }{
		"types that are not known, each once": {`- name: a
  variations: [{PathVariationRandom: {}}, {ParameterVariationLits: {}}]
- name: b
  variations: [{OneOfVariation: {variations: [{PathVariationRandom: {}}, {Other: {}}]}}]
`, `dir/c.vast:5:17: configuration[0].variations[0].PathVariationRandom: unknown variation type "PathVariationRandom" (in 1 more places); known are OneOfVariation, ParameterVariationDistributionGaussian, ParameterVariationDistributionUniform, ParameterVariationList [VariationPlugins=PathVariationRandom=EXECUTABLE to add a type that a program of yours generates]
dir/c.vast:5:44: configuration[0].variations[1].ParameterVariationLits: unknown variation type "ParameterVariationLits"; did you mean "ParameterVariationList"?
dir/c.vast:7:75: configuration[1].variations[0].OneOfVariation.variations[1].Other: unknown variation type "Other"; known are OneOfVariation, ParameterVariationDistributionGaussian, ParameterVariationDistributionUniform, ParameterVariationList [VariationPlugins=Other=EXECUTABLE to add a type that a program of yours generates]`},
		"names that meet": {`- name: a
  variations: [{ParameterVariationList: {name: x, values: [1, 2]}}]
- name: a-1
- name: a-2
`, `dir/c.vast:6:3: two configurations are called "a-1" once the variations are applied; rename "a-1"
dir/c.vast:7:3: two configurations are called "a-2" once the variations are applied; rename "a-2"`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Expand(t.Context(), campaign(t, tt.file), Default())
			if diff := cmp.Diff(tt.want, invalid(t, err)); diff != "" || got != nil {
				t.Errorf("configurations %v, problems (-want,+got):\n%s", got, diff)
			}
		})
	}
}

func TestTooManyConfigurations(t *testing.T) {
	c := campaign(t, "- name: first\n- name: a\n  variations:\n  - ParameterVariationDistributionUniform: {name: x, num_variations: 10, min: 0, max: 1}\n"+
		"  - ParameterVariationList: {name: y, values: [1, 2]}\n  - ParameterVariationDistributionUniform: {name: z, num_variations: 1000000, min: 0, max: 1}\n")
	if maxConfigs < 100_000 {
		t.Errorf("maxConfigs is %d", maxConfigs)
	}
	_, err := expand(t.Context(), c, Default(), 20)
	want := "dir/c.vast:8:5: configuration[1].variations[1].ParameterVariationList: with this the campaign has more than 20 configurations; run it in parts"
	if diff := cmp.Diff(want, invalid(t, err)); diff != "" {
		t.Errorf("problems (-want,+got):\n%s", diff)
	}
}

func TestATypeOfTheProgramsOwn(t *testing.T) {
	r := Default()
	var calls atomic.Int32
	twice := func(_ context.Context, in Input) ([]Change, error) {
		calls.Add(1)
		if in.Settings["fail"] == true {
			return nil, api.Invalid("fail", "is true")
		}
		if in.Settings["none"] == true {
			return nil, nil
		}
		return []Change{{{Name: "from", Value: in.Config.Name + " of " + in.Origin}}, {{Name: "dir", Value: in.Dir != "" && strings.HasSuffix(in.Dir, "dir")}}}, nil
	}
	if err := r.Register("Twice", twice); err != nil {
		t.Fatal(err)
	}
	for _, taken := range []string{"Twice", spec.VariationList, ""} {
		invalid(t, r.Register(taken, twice))
	}
	got, err := Expand(t.Context(), campaign(t, "- name: a\n  variations: [{ParameterVariationList: {name: x, values: [1, 2]}}, Twice, "+
		"{OneOfVariation: {variations: [{ParameterVariationList: {name: y, values: [3, 4]}}]}}]\n"), r)
	want := `
a-1-1-1 {"x":1,"from":"a-1 of a","y":3}
a-1-1-2 {"x":1,"from":"a-1 of a","y":4}
a-1-2-1 {"x":1,"dir":true,"y":3}
a-1-2-2 {"x":1,"dir":true,"y":4}
a-2-1-1 {"x":2,"from":"a-2 of a","y":3}
a-2-1-2 {"x":2,"from":"a-2 of a","y":4}
a-2-2-1 {"x":2,"dir":true,"y":3}
a-2-2-2 {"x":2,"dir":true,"y":4}
`
	for range 2 { // it is called only once
		if diff := cmp.Diff(want, "\n"+lines(got)); diff != "" || err != nil || got.Len() != 8 || calls.Load() != 2 {
			t.Errorf("error %v, %d calls, %d configurations (-want,+got):\n%s", err, calls.Load(), got.Len(), diff)
		}
	}

	_, err = Expand(t.Context(), campaign(t, "- name: a\n  variations: [{Twice: {fail: true}}]\n- name: b\n  variations: [{Twice: {none: true}}]\n"), r)
	says := "dir/c.vast:5:17: configuration[0].variations[0].Twice.fail: is true\n" +
		"dir/c.vast:7:17: configuration[1].variations[0].Twice: gives no configuration for b"
	if diff := cmp.Diff(says, invalid(t, err)); diff != "" {
		t.Errorf("problems (-want,+got):\n%s", diff)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Expand(ctx, campaign(t, "- name: a\n  variations: [Twice]\n"), r); !errors.Is(err, context.Canceled) {
		t.Errorf("after a cancel: %v", err)
	}
}

func TestACampaignThatAProgramMade(t *testing.T) {
	c := &spec.Campaign{Path: "-", Configurations: []spec.Configuration{{Name: "a", Variations: []spec.Variation{
		{Type: spec.VariationList, Settings: map[string]any{"name": "x", "values": []any{1}}},
		{Type: spec.VariationUniform, Settings: map[string]any{"name": "y", "num_variations": 1, "min": 2, "max": 2, "type": "int"}},
	}}}}
	got, err := Expand(t.Context(), c, Default())
	if want := "a-1-1 {\"x\":1,\"y\":2}\n"; err != nil || lines(got) != want {
		t.Errorf("%s, error %v", lines(got), err)
	}
	c.Configurations[0].Variations = []spec.Variation{
		{Type: spec.VariationGaussian, Settings: map[string]any{"num_variations": "2", "mean": "x", "type": "date", "std": -1.0, "seed": 1}, Path: "here"},
	}
	_, err = Expand(t.Context(), c, Default())
	want := "-: here.mean: must be a number\n-: here.std: must not be below 0\n-: here.type: must be float, int, bool or string\n-: here.name: must be the name of a parameter\n" +
		"-: here.num_variations: must be a whole number\n-: here.num_variations: must be a whole number from 1 to 1000000"
	if diff := cmp.Diff(want, invalid(t, err)); diff != "" {
		t.Errorf("problems (-want,+got):\n%s", diff)
	}
}
