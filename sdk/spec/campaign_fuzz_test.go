package spec

import (
	"errors"
	"path"
	"strings"
	"testing"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/rules"
)

func FuzzParseCampaign(f *testing.F) {
	for _, s := range []string{
		"version: 1\nconfiguration: [{name: a}]\nexecution: {image: a, runs: 1, command: x}\n",
		"version: 1\nmetadata: {name: g}\nconfiguration:\n- name: a\n  parameters: [{x: 1.5}, {y: {z: [1]}}]\n  variations:\n  - ParameterVariationList: {name: [a, b], values: [[1, 2]]}\n  - T:\n  - U\nexecution:\n  image: a\n  runs: 2\n  scenario_file: s.osc\n  run_files: ['f/*', '**/x']\n  resources: {cpu: [{a: 1}, {b: 2}], memory: 1Gi, gpu: 1}\n",
		"version: 1\nconfiguration:\n- name: a\n  variations:\n  - OneOfVariation: {variations: [{ParameterVariationDistributionUniform: {name: x, num_variations: 2, min: 0, max: 1, seed: 3}}, {ParameterVariationDistributionGaussian: {name: x, num_variations: 2, mean: 0, std: 1, type: int}}]}\n",
		"version: 1\nexecution:\n  secondary_containers: [a, {b: {resources: {cpu: 1}}}, {c: null, resources: {memory: 1Mi}, command: x}]\n  env: [{A: 1}, {B: null}]\n  runs_per_job: 2\n  configs_per_job: 3\n  kubernetes: {jobs: {node_labels: {a: b}}, control: {}}\n  timeout: 3\n  run_as_user: 0\n",
		"version: 2\n", "search: {}\n", "version: 1\nconfiguration: [{<<: [&a {name: a}], name: b}]\nexecution: {image: *a}\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, context := range []string{"", "a"} {
			checkCampaign(t, data, Inputs{Context: context, Envs: map[string]string{"A": "1"}})
		}
	})
}

// checkCampaign checks what holds for every campaign file, right or wrong.
func checkCampaign(t *testing.T, data []byte, in Inputs) {
	t.Helper()
	c, err := ParseCampaign("c.vast", data, in)
	if err != nil {
		var inv *api.InvalidSpecError
		if !errors.As(err, &inv) || len(inv.Problems) == 0 || c != nil {
			t.Fatalf("error %#v with campaign %v", err, c)
		}
		for _, p := range inv.Problems {
			if p.Message == "" || p.Line < 0 || p.Column < 0 {
				t.Fatalf("problem %+v", p)
			}
		}
		return
	}
	e := c.Execution
	if len(c.Configurations) == 0 || e.Image == "" || e.Runs < 1 || e.RunsPerJob < 1 || e.RunAsUser < 0 || e.TimeoutSeconds < 0 || e.GPU < 0 || (e.ScenarioFile == "") == (e.Command == "") && e.Command == "" {
		t.Fatalf("campaign %+v", c)
	}
	for _, p := range append([]string{e.ScenarioFile}, e.RunFiles...) {
		if path.IsAbs(p) || p == ".." || strings.HasPrefix(p, "../") {
			t.Fatalf("path %q", p)
		}
	}
	seen := map[string]bool{}
	for _, config := range c.Configurations {
		if !rules.IsConfig(config.Name) || seen[config.Name] || config.Line < 1 {
			t.Fatalf("configuration %+v", config)
		}
		seen[config.Name] = true
		for _, v := range config.Variations {
			if v.Type == "" || v.Settings == nil || v.Line < 1 || v.Type == VariationOneOf && len(v.Branches) == 0 {
				t.Fatalf("variation %+v", v)
			}
		}
	}
	for _, v := range e.Envs {
		if rules.Variable(v.Name)+rules.RunVariable(v.Name) != "" {
			t.Fatalf("variable %+v", v)
		}
	}
}
