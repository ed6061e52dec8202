package campaign_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/cli/clitest"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/cmdtest"
	"github.com/kubevast/vast/sdk/api"
)

func TestCampaignConfigs(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"in one column": {nil, `
NAME     PARAMETERS
test-1   scale=21.0 rate=0.5
test-2   scale=21.0 rate=fast
fixed    goal={"x":1,"y":2.0}
`},
		"in a column each": {[]string{"-o", "wide"}, `
NAME     SCALE   RATE   GOAL
test-1   21.0    0.5    
test-2   21.0    fast   
fixed                   {"x":1,"y":2.0}
`},
		"some of them":        {[]string{"--config=test-?", "-o", "name"}, "\ncampaignconfig.kubevast.io/test-1\ncampaignconfig.kubevast.io/test-2\n"},
		"for a program":       {[]string{"--config=fixed", "-o", "jsonpath={.items[0].parameters.goal}"}, "\n{\"x\":1,\"y\":2}"},
		"the same in columns": {[]string{"--no-headers", "-o", "custom-columns=N:.metadata.name,R:.parameters.rate"}, "\ntest-1   0.5\ntest-2   fast\nfixed    <none>\n"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"campaign", "configs", cmdtest.CampaignFile(t, cmdtest.Sweep), "--context=a"}, tc.args...)
			r := cmdtest.Plugin(&clitest.Client{}).Do(t, args...)
			if r.Code != 0 {
				t.Errorf("code %d, stderr %q", r.Code, r.Err)
			}
			if diff := cmp.Diff(tc.want, "\n"+r.Out); diff != "" {
				t.Errorf("(-want,+got):\n%s", diff)
			}
			human := len(tc.args) == 0 || tc.args[1] == "wide"
			if sum := "Configurations: 3, runs of each: 3, runs: 9, Jobs: 5\nWarning: ignored fields, which have no effect here: results_processing\n"; human != (r.Err == sum) {
				t.Errorf("stderr %q", r.Err)
			}
		})
	}
}

func TestCampaignConfigsAsJSONKeepNumbersAsTheyAre(t *testing.T) {
	r := cmdtest.Plugin(&clitest.Client{}).Do(t, "campaign", "configs", cmdtest.CampaignFile(t, cmdtest.Sweep), "--context=a", "-o", "json")
	var list api.CampaignConfigList
	if err := json.Unmarshal([]byte(r.Out), &list); err != nil || len(list.Items) != 3 || list.Kind != api.TypeMeta[api.CampaignConfigList]().Kind {
		t.Fatalf("%d items, kind %s, error %v", len(list.Items), list.Kind, err)
	}
	if !strings.Contains(r.Out, `"scale": 21.0`) {
		t.Errorf("21.0 became %s", r.Out)
	}
}

func TestWrongCampaignConfigs(t *testing.T) {
	for name, tc := range map[string]struct {
		file string
		args []string
		says []string
	}{
		"a wrong file":          {"version: 1\nconfiguration: [{name: A}]\n", nil, []string{`sweep.vast:1:1: "execution" is missing`, `sweep.vast:2:24: configuration[0].name: "A" is not the name`}},
		"no context":            {cmdtest.Sweep, nil, []string{"use --context to choose one"}},
		"no such configuration": {cmdtest.Sweep, []string{"--context=a", "--config=tset-1"}, []string{`error: --config: no configuration fits "tset-1"; did you mean "test-1"?`}},
		"a plug-in without a =": {cmdtest.Sweep, []string{"--context=a", "--variation-plugin=x"}, []string{`--variation-plugin: "x" must be NAME=VALUE`}},
		"a plug-in that is not": {cmdtest.Sweep, []string{"--context=a", "--variation-plugin=X=no-such-program"}, []string{"--variation-plugin: there is no program no-such-program; give its path"}},
		"all that is wrong":     {"version: 1\n", []string{"--variation-plugin=X=no-such-program"}, []string{"--variation-plugin: there is no program", `"execution" is missing`}},
		"an output of its own":  {cmdtest.Sweep, []string{"-o", "xml"}, []string{"xml"}},
		"all that is wrong with a type, too": {strings.Replace(cmdtest.Sweep, "ParameterVariationList", "Paths", 1) + "sarch: 1\n", []string{"--context=a"},
			[]string{`sweep.vast:5:17: configuration[0].variations[0].Paths: unknown variation type "Paths"`, "sweep.vast:15:1: sarch: unknown field"}},
		"a type that is not added": {strings.Replace(cmdtest.Sweep, "ParameterVariationList", "Paths", 1), []string{"--context=a"}, []string{`sweep.vast:5:17: configuration[0].variations[0].Paths: unknown variation type "Paths"`}},
	} {
		t.Run(name, func(t *testing.T) {
			r := cmdtest.Plugin(&clitest.Client{}).Do(t, append([]string{"campaign", "configs", cmdtest.CampaignFile(t, tc.file)}, tc.args...)...)
			if r.Code != 2 || r.Out != "" {
				t.Errorf("code %d, stdout %q", r.Code, r.Out)
			}
			for _, text := range tc.says {
				if !strings.Contains(r.Err, text) {
					t.Errorf("stderr lacks %q:\n%s", text, r.Err)
				}
			}
		})
	}
}

func TestSchemas(t *testing.T) {
	for _, kind := range []string{"task", "campaign"} {
		r := cmdtest.Plugin(&clitest.Client{}).Do(t, "schema", kind)
		var schema struct{ Title string }
		if err := json.Unmarshal([]byte(r.Out), &schema); err != nil || schema.Title != "kubevast "+kind {
			t.Errorf("%s: title %q, error %v", kind, schema.Title, err)
		}
	}
}
