package variation

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

func TestSeedsOfNormalDistributions(t *testing.T) {
	const at = "dir/c.vast:5:5: configuration[0].variations[0].ParameterVariationDistributionGaussian.seed: "
	for name, tt := range map[string]struct {
		seed   any
		random api.Random
		want   string
	}{
		"none":                    {nil, "", at + "is missing: RoboVAST draws no normal distribution without one; give a number from 0 to 4294967295 [Random=legacy to resume a campaign that was begun without one]"},
		"below 0":                 {int64(-1), "", at + "-1 is out of range: numpy's generator takes a seed from 0 to 4294967295"},
		"of more than 32 bits":    {int64(1) << 32, "", at + "4294967296 is out of range: numpy's generator takes a seed from 0 to 4294967295"},
		"the largest":             {int64(1)<<32 - 1, "", ""},
		"none, drawn as ever":     {nil, api.RandomLegacy, ""},
		"below 0, drawn as ever":  {int64(-1), api.RandomLegacy, ""},
		"one that a program made": {7, api.RandomRoboVAST, ""},
	} {
		t.Run(name, func(t *testing.T) {
			settings := map[string]any{"name": "x", "num_variations": 2, "mean": 0, "std": 1.0}
			if tt.seed != nil {
				settings["seed"] = tt.seed
			}
			c := &spec.Campaign{Path: "dir/c.vast", Configurations: []spec.Configuration{{Name: "a", Variations: []spec.Variation{{
				Type: spec.VariationGaussian, Settings: settings, Path: "configuration[0].variations[0]." + spec.VariationGaussian, Position: spec.Position{Line: 5, Column: 5}}}}}}
			types, err := With(tt.random)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if _, err := Expand(t.Context(), c, types); err != nil {
				got = invalid(t, err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want,+got):\n%s", diff)
			}
		})
	}
}

func TestWhatCannotBeDrawn(t *testing.T) {
	for name, tt := range map[string]struct {
		draw     func(Input) (changes, error)
		settings string
		want     string
	}{
		"whole numbers between none":       {uniform, `"min": 3, "max": 2, "type": "int"`, "max: is below min"},
		"a text of such":                   {uniform, `"min": 3, "max": 2, "type": "string"`, "max: is below min"},
		"a range that has no width":        {uniform, `"min": -1e308, "max": 1e308`, "max: is too far from min"},
		"a deviation without an end":       {gaussian, `"mean": 0, "std": 1e308`, "std: is too large"},
		"a deviation below 0":              {gaussian, `"mean": 0, "std": -1`, "std: must not be below 0"},
		"bounds that leave nothing":        {gaussian, `"mean": 0, "std": 1, "min": 2, "max": 1`, "max: is below min"},
		"fractions between none":           {uniform, `"min": 3, "max": 2.5`, "max: is below min"},
		"whole numbers that a float blurs": {uniform, `"min": 9007199254740993, "max": 9007199254740992, "type": "int"`, "max: is below min"},
		"a type that is none":              {uniform, `"min": 0, "max": 1, "type": "date"`, "type: must be float, int, bool or string"},
		"as many as there may be":          {uniform, `"min": 0, "max": 1, "num_variations": 1000000`, ""},
		"more values than there may be":    {uniform, `"min": 0, "max": 1, "num_variations": 1000001`, "num_variations: must be a whole number from 1 to 1000000"},
		"more values than 64 bits can say": {uniform, `"min": 0, "max": 1, "num_variations": 100000000000000000000`, "num_variations: must be a whole number"},
	} {
		t.Run(name, func(t *testing.T) {
			in := Input{Settings: settingsOf(t, fmt.Sprintf(`{"seed": 1, "num_variations": 1, %s}`, tt.settings))}
			got := ""
			if _, err := tt.draw(in); err != nil {
				got = err.(*api.InvalidSpecError).Problems[0].Path + ": " + err.(*api.InvalidSpecError).Problems[0].Message
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want,+got):\n%s", diff)
			}
		})
	}
}

func TestWhoDrawsIsKnown(t *testing.T) {
	if _, err := With("pcg"); err == nil || err.Error() != `Random: "pcg" is not known; give robovast or legacy` {
		t.Error(err)
	}
	legacy, _ := With(api.RandomLegacy)
	for name, tt := range map[string]struct {
		variation string
		types     *Registry
		random    api.Random
		drawn     bool
	}{
		"by default":            {"ParameterVariationDistributionUniform: {name: x, num_variations: 1, min: 0, max: 1}", Default(), api.RandomRoboVAST, true},
		"as ever":               {"ParameterVariationDistributionUniform: {name: x, num_variations: 1, min: 0, max: 1}", legacy, api.RandomLegacy, true},
		"in a branch":           {"OneOfVariation: {variations: [ParameterVariationDistributionUniform: {name: x, num_variations: 1, min: 0, max: 1}]}", legacy, api.RandomLegacy, true},
		"nothing that is drawn": {"ParameterVariationList: {name: x, values: [1]}", legacy, api.RandomLegacy, false},
	} {
		t.Run(name, func(t *testing.T) {
			configs, err := Expand(t.Context(), campaign(t, "- name: a\n  variations: [{"+tt.variation+"}]\n"), tt.types)
			if err != nil {
				t.Fatal(err)
			}
			some, err := Select(configs, []string{"a-1"})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range []*Configs{configs, some} {
				if c.Random() != tt.random || c.Drawn() != tt.drawn {
					t.Errorf("random %q, drawn %v", c.Random(), c.Drawn())
				}
			}
		})
	}
	if c := Of(Config{Name: "a"}); c.Random() != "" || c.Drawn() {
		t.Errorf("of a program: %q, %v", c.Random(), c.Drawn())
	}
}

func TestAClassInAFileOfPythonIsSaidToBeAProgramHere(t *testing.T) {
	_, err := Expand(t.Context(), campaign(t, "- name: a\n  variations: [{'lib/paths.py:Paths': {n: 2}}]\n"), Default())
	want := `dir/c.vast:5:17: configuration[0].variations[0][lib/paths.py:Paths]: "lib/paths.py:Paths" is a Python class, which RoboVAST loads; here a variation type is a program that reads and prints JSON [VariationPlugins=lib/paths.py:Paths=EXECUTABLE to add a type that a program of yours generates]`
	if diff := cmp.Diff(want, invalid(t, err)); diff != "" {
		t.Errorf("(-want,+got):\n%s", diff)
	}
}

// What is beyond 64 bits keeps its digits on all its ways.
func TestLargeNumbersKeepTheirDigits(t *testing.T) {
	const large = "123456789012345678901234567890"
	configs, err := Expand(t.Context(), campaign(t, "- name: a\n  parameters: [{p: {q: ["+large+"]}}]\n  variations:\n  - ParameterVariationList: {name: x, values: [-"+large+"]}\n"+
		"  - ParameterVariationDistributionUniform: {name: y, num_variations: 1, type: int, min: "+large+", max: "+large+", seed: "+large+"}\n"), Default())
	if err != nil {
		t.Fatal(err)
	}
	want := `a-1-1 {"p":{"q":[` + large + `]},"x":-` + large + `,"y":` + large + "}\n"
	if diff := cmp.Diff(want, lines(configs)); diff != "" {
		t.Errorf("(-want,+got):\n%s", diff)
	}
	changes, err := readChanges(strings.NewReader(`[{"x": ` + large + `, "y": 21.0, "z": 21}]`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Change{{{Name: "x", Value: json.Number(large)}, {Name: "y", Value: 21.0}, {Name: "z", Value: int64(21)}}}, changes); diff != "" {
		t.Errorf("of a plug-in (-want,+got):\n%s", diff)
	}
}
