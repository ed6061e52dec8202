package spec

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kubevast/vast/sdk/api"
)

// mustCampaign parses a good file. The bytes are left out of what it returns.
func mustCampaign(t *testing.T, text string, in Inputs) *Campaign {
	t.Helper()
	c, err := ParseCampaign("c.vast", []byte(text), in)
	if err != nil {
		t.Fatalf("refused:\n%v", err)
	}
	if string(c.Data) != text || c.Path != "c.vast" {
		t.Errorf("path %q, data %q", c.Path, c.Data)
	}
	return c
}

// campaignProblems parses a file that must be refused and returns what was
// said, one problem a line.
func campaignProblems(t *testing.T, text string, in Inputs) string {
	t.Helper()
	c, err := ParseCampaign("c.vast", []byte(text), in)
	var inv *api.InvalidSpecError
	if !errors.As(err, &inv) || c != nil {
		t.Fatalf("error %#v, campaign %+v", err, c)
	}
	return said(err)
}

// small is the rest of a campaign whose execution is the least that there must
// be.
const small = "execution: {image: busybox, runs: 1, command: echo}\n"

func TestACampaignWithEveryField(t *testing.T) {
	const file = `
version: 1
metadata: {name: growth_sim, dataset_iri: "https://x/y", agents: [robots]}
general: {anything: true}
configuration:
- name: test
  parameters:
  - goal: {position: {x: 21.0, y: -2}}
  - label: "0.0"
  - none:
  variations:
  - ParameterVariationList: {name: [a, b], values: [[1, x], [2.5, true]]}
  - ParameterVariationDistributionUniform: {name: u, num_variations: 3, min: 0, max: 1.5, type: FLOAT, seed: 4294967295}
  - ParameterVariationDistributionGaussian: {name: g, num_variations: 2, mean: 1, std: 0.5, min: 0}
  - OneOfVariation:
      variations:
      - PathVariationRandom: {length: 10.0}
      - ParameterVariationList: {name: c, values: [1]}
  - Plain
  - Empty:
- name: fixed-2
  parameters: {a: 1, b: two}
execution:
  image: docker:ghcr.io/cps-test-lab/robovast:latest
  runs: 20
  scenario_file: ./sub/scenario.osc
  run_files: ["files/*", "maps/**/maps/*.yaml"]
  env:
  - ENABLE_X11: "false"
  - THREADS: 4
    MODE: ""
  run_as_user: 0
  pre_command: /config/files/pre.sh
  post_command: /config/files/post.sh
  timeout: 600
  configs_per_job: 8
  resources: {cpu: 1.5, memory: 10Gi, gpu: 1}
  secondary_containers:
  - plain
  - nested: {resources: {cpu: 500m}, command: serve}
  - sibling:
    resources: {cpu: 2, memory: 512Mi}
  - bare:
  local: {parameter_overrides: [{x: 1}]}
  kubernetes:
    jobs: {node_labels: {pool: sim, example.com/gpu: ""}}
    control: {node_labels: {role: control}}
results_processing: {postprocessing: [rosbags_to_csv]}
evaluation: {visualization: [{Analysis: {run: a.ipynb}}]}
`
	want := &Campaign{
		Name:     "growth_sim",
		Metadata: map[string]any{"name": "growth_sim", "dataset_iri": "https://x/y", "agents": []any{"robots"}},
		Configurations: []Configuration{
			{
				Name: "test",
				Parameters: []Parameter{
					{"goal", map[string]any{"position": map[string]any{"x": 21.0, "y": int64(-2)}}}, {"label", "0.0"}, {"none", nil},
				},
				Variations: []Variation{
					{Type: VariationList, Settings: map[string]any{"name": []any{"a", "b"}, "values": []any{[]any{int64(1), "x"}, []any{2.5, true}}}},
					{Type: VariationUniform, Settings: map[string]any{"name": "u", "num_variations": int64(3), "min": int64(0), "max": 1.5, "type": "FLOAT", "seed": int64(4294967295)}},
					{Type: VariationGaussian, Settings: map[string]any{"name": "g", "num_variations": int64(2), "mean": int64(1), "std": 0.5, "min": int64(0)}},
					{Type: VariationOneOf,
						Settings: map[string]any{"variations": []any{
							map[string]any{"PathVariationRandom": map[string]any{"length": 10.0}},
							map[string]any{VariationList: map[string]any{"name": "c", "values": []any{int64(1)}}},
						}},
						Branches: []Variation{
							{Type: "PathVariationRandom", Settings: map[string]any{"length": 10.0}},
							{Type: VariationList, Settings: map[string]any{"name": "c", "values": []any{int64(1)}}},
						}},
					{Type: "Plain", Settings: map[string]any{}},
					{Type: "Empty", Settings: map[string]any{}},
				},
			},
			{Name: "fixed-2", Parameters: []Parameter{{"a", int64(1)}, {"b", "two"}}},
		},
		Execution: Execution{
			Image: "ghcr.io/cps-test-lab/robovast:latest", Runs: 20, ScenarioFile: "sub/scenario.osc",
			RunFiles: []string{"files/*", "maps/**/maps/*.yaml"},
			CPU:      "1500m", Memory: "10Gi", GPU: 1,
			Secondary: []Secondary{
				{Name: "plain"}, {Name: "nested", CPU: "500m", Command: "serve"}, {Name: "sibling", CPU: "2", Memory: "512Mi"}, {Name: "bare"},
			},
			Envs:       []EnvVar{{"ENABLE_X11", "false"}, {"THREADS", "4"}, {"MODE", ""}},
			PreCommand: "/config/files/pre.sh", PostCommand: "/config/files/post.sh",
			TimeoutSeconds: 600, RunsPerJob: 8, NodeLabels: map[string]string{"pool": "sim", "example.com/gpu": ""},
		},
		Ignored: []string{"evaluation", "execution.kubernetes.control", "execution.local", "general", "results_processing"},
	}
	got := mustCampaign(t, file, Inputs{})
	noPlace := cmp.Options{cmpopts.IgnoreFields(Campaign{}, "Path", "Data"), cmpopts.IgnoreTypes(Position{}), cmpopts.IgnoreFields(Variation{}, "Path")}
	if diff := cmp.Diff(want, got, noPlace); diff != "" {
		t.Errorf("campaign (-want,+got):\n%s", diff)
	}
	branch := got.Configurations[0].Variations[3].Branches[1]
	wantBranch := Variation{Path: "configuration[0].variations[3].OneOfVariation.variations[1].ParameterVariationList", Position: Position{18, 9}}
	if branch.Path != wantBranch.Path || branch.Position != wantBranch.Position {
		t.Errorf("a branch is at %v, %s", branch.Position, branch.Path)
	}
}

func TestWhatACampaignDoesNotSay(t *testing.T) {
	c := mustCampaign(t, "version: 1\nmetadata:\nconfiguration: [{name: a}]\nexecution: {image: busybox, runs: 1, scenario_file: s.osc, env: null}\n", Inputs{})
	want := Execution{Image: "busybox", Runs: 1, ScenarioFile: "s.osc", ScenarioAt: Position{4, 53}, RunAsUser: 1000, RunsPerJob: 1}
	if diff := cmp.Diff(want, c.Execution); diff != "" || c.Name != "" || c.Ignored != nil {
		t.Errorf("name %q, ignored %v, execution (-want,+got):\n%s", c.Name, c.Ignored, diff)
	}
}

func TestAnchorsServeConfigurations(t *testing.T) {
	c := mustCampaign(t, "version: 1\nconfiguration:\n- &base\n  name: a\n  parameters: [{goal: &goal {x: 1.5}}]\n"+
		"- <<: *base\n  name: b\n- name: c\n  parameters: [{start: *goal}]\n"+small, Inputs{})
	want := []Parameter{{"goal", map[string]any{"x": 1.5}}}
	if diff := cmp.Diff(want, c.Configurations[1].Parameters); diff != "" || c.Configurations[1].Name != "b" {
		t.Errorf("merged (-want,+got):\n%s", diff)
	}
	if diff := cmp.Diff([]Parameter{{"start", want[0].Value}}, c.Configurations[2].Parameters); diff != "" {
		t.Errorf("alias (-want,+got):\n%s", diff)
	}
}

func TestAFileOfAThousandConfigurationsIsReadWhole(t *testing.T) {
	var b strings.Builder
	b.WriteString("version: 1\nconfiguration:\n- name: first\n  parameters: [{p: &p [" + strings.Repeat("0.5,", 20) + "0.5]}]\n")
	b.WriteString("# " + strings.Repeat("x", MaxBytes) + "\n")
	for i := range 1000 {
		fmt.Fprintf(&b, "- name: c-%d\n  parameters: [{p: *p}]\n", i)
	}
	c := mustCampaign(t, b.String()+small, Inputs{})
	if len(c.Configurations) != 1001 {
		t.Errorf("%d configurations", len(c.Configurations))
	}
}

func TestTheCommandLineOverridesACampaign(t *testing.T) {
	const file = "version: 1\nmetadata: {name: a}\nconfiguration: [{name: a}]\n" +
		"execution: {image: a, runs: 1, command: x, env: [{A: 1}, {B: }], resources: {cpu: 1, memory: 1Gi}}\n"
	c := mustCampaign(t, file, Inputs{Name: "mine", Image: "b:1", CPUs: "500m", Memory: "2", GPUs: "1",
		Envs: map[string]string{"A": "2", "B": "3", "C": "4"}})
	want := Execution{Image: "b:1", Runs: 1, Command: "x", CPU: "500m", Memory: "2Gi", GPU: 1, RunAsUser: 1000, RunsPerJob: 1,
		Envs: []EnvVar{{"A", "2"}, {"B", "3"}, {"C", "4"}}}
	if diff := cmp.Diff(want, c.Execution); diff != "" || c.Name != "mine" {
		t.Errorf("name %q, execution (-want,+got):\n%s", c.Name, diff)
	}
}

func TestWhichFilesAreCampaigns(t *testing.T) {
	for name, tt := range map[string]struct {
		path, data string
		want       bool
	}{
		"called .vast":              {"a/x.vast", "", true},
		"with a campaign's fields":  {"-", "# x\nversion: 1\nconfiguration:\n- name: a\nexecution:\n  image: a\n", true},
		"a task":                    {"x.yaml", "name: a\nrun: |\n  version: 1\n  configuration: 2\n  execution: 3\n", false},
		"a job group":               {"x.yaml", "execution: parallel\nname: x\n---\nrun: x\n", false},
		"another file with version": {"x.yaml", "version: 1\nexecution: {}\n", false},
		"nothing":                   {"x.yaml", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := IsCampaign(tt.path, []byte(tt.data)); got != tt.want {
				t.Errorf("IsCampaign = %v", got)
			}
		})
	}
}
