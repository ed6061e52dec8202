package plan

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/campaigntest"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

func TestParametersAreWrittenWithTheirTypes(t *testing.T) {
	for name, c := range map[string]struct {
		value any
		text  string
		env   string
	}{
		"a text":                          {"a b", "p: a b\n", "a b"},
		"a long text with a colon":        {"maps: a/b #1", "p: 'maps: a/b #1'\n", "maps: a/b #1"},
		"a text of lines":                 {"first: 1\nsecond", "p: |-\n    first: 1\n    second\n", "first: 1\nsecond"},
		"a text that looks like a number": {"0.0", "p: \"0.0\"\n", "0.0"},
		"a text that looks like a truth":  {"yes", "p: \"yes\"\n", "yes"},
		"a whole number":                  {50, "p: 50\n", "50"},
		"a fraction":                      {0.05, "p: 0.05\n", "0.05"},
		"a whole number that is a float":  {100.0, "p: 100.0\n", "100.0"},
		"a big float":                     {1e21, "p: 1.0e+21\n", "1.0e+21"},
		"infinity":                        {math.Inf(1), "p: .inf\n", ".inf"},
		"a truth":                         {true, "p: true\n", "true"},
		"nothing":                         {nil, "p: null\n", ""},
		"a list":                          {[]any{1, "x"}, "p:\n    - 1\n    - x\n", `[1,"x"]`},
		"a mapping":                       {map[string]any{"z": 1.5, "x": 2}, "p:\n    x: 2\n    z: 1.5\n", `{"x":2,"z":1.5}`},
		"a dollar":                        {"$(HOME) $x", "p: $(HOME) $x\n", "$(HOME) $x"},
	} {
		t.Run(name, func(t *testing.T) {
			params := []spec.Parameter{{Name: "p", Value: c.value}}
			text := parameterText(params)
			if text != c.text {
				t.Errorf("the file has %q, want %q", text, c.text)
			}
			var back struct{ P any }
			if err := yaml.Unmarshal([]byte(text), &back); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.value, back.P); diff != "" {
				t.Errorf("read again it is another value (-want +got):\n%s", diff)
			}
			want := []spec.EnvVar{{Name: "PARAM_P", Value: c.env}}
			if diff := cmp.Diff(want, variables(params)); diff != "" {
				t.Errorf("variables (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNamesOfParametersBecomeVariables(t *testing.T) {
	got := variables([]spec.Parameter{{Name: "growth-rate.x", Value: 1}, {Name: "growth_rate-x", Value: 2}, {Name: "Ä1", Value: 3}})
	want := []spec.EnvVar{{Name: "PARAM_GROWTH_RATE_X", Value: "1"}, {Name: "PARAM__1", Value: "3"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the first of one name wins (-want +got):\n%s", diff)
	}
}

func TestParametersThatAreNoVariablesAreReported(t *testing.T) {
	met := []spec.Parameter{{Name: "a.b", Value: 1}, {Name: "a_b", Value: 2}}
	long := []spec.Parameter{{Name: "fits", Value: strings.Repeat("x", maxVariable)}, {Name: "text", Value: strings.Repeat("x", maxVariable+1)},
		{Name: "list", Value: []any{strings.Repeat("x", maxVariable)}}}
	s := campaigntest.Small(t)
	configs := variation.Of(variation.Config{Name: "one", Parameters: met}, variation.Config{Name: "two", Parameters: met}, variation.Config{Name: "three", Parameters: long})
	for command, want := range map[string][]string{
		"true": {
			`parameter "a_b" of configuration one is no variable: PARAM_A_B is parameter "a.b" already; the command finds it only in the file that SCENARIO_PARAMETER_FILE names`,
			`parameter "text" of configuration three is no variable: PARAM_TEXT would have more than 32 KiB; the command finds it only in the file that SCENARIO_PARAMETER_FILE names`,
			`parameter "list" of configuration three is no variable: PARAM_LIST would have more than 32 KiB; the command finds it only in the file that SCENARIO_PARAMETER_FILE names`,
		},
		"": nil, // scenario_execution has no use for variables
	} {
		s.Execution.Command = command
		rendered, err := Render(t.Context(), Target{Namespace: "lab"}, s, configs, api.CampaignOptions{AgentImage: "agent:dev"})
		if err != nil {
			t.Fatal(err)
		}
		var warnings []string
		for _, w := range rendered.Warnings {
			warnings = append(warnings, w.Message)
		}
		if diff := cmp.Diff(want, warnings); diff != "" {
			t.Errorf("command %q (-want +got):\n%s", command, diff)
		}
	}
}

func TestAScenarioGetsItsParametersBelowItsName(t *testing.T) {
	params := parameterText([]spec.Parameter{{Name: "rate", Value: 0.5}, {Name: "pose", Value: map[string]any{"x": "a\n\nb\n"}}})
	var got map[string]map[string]any
	if err := yaml.Unmarshal([]byte(document("test_scenario", params, "c-1/0")), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]any{"test_scenario": {"rate": 0.5, "pose": map[string]any{"x": "a\n\nb\n"}, "_output_dir": "c-1/0"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := document("", params, "c-1/0"); got != params {
		t.Errorf("a command gets %q", got)
	}
}

func TestTheNameOfAScenarioIsFound(t *testing.T) {
	found := scenarioName.FindStringSubmatch("import osc.helpers\n# scenario no:\nscenario test_scenario:\n    do serial:\n")
	if len(found) != 2 || found[1] != "test_scenario" {
		t.Errorf("found %v", found)
	}
}

func TestAWholeNumberOfManyDigitsKeepsThem(t *testing.T) {
	params := []spec.Parameter{{Name: "p", Value: json.Number("123456789012345678901")}}
	if diff := cmp.Diff("p: 123456789012345678901\n", parameterText(params)); diff != "" {
		t.Errorf("file (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]spec.EnvVar{{Name: "PARAM_P", Value: "123456789012345678901"}}, variables(params)); diff != "" {
		t.Errorf("variables (-want +got):\n%s", diff)
	}
}
