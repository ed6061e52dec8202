package spec

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWrongCampaigns(t *testing.T) {
	const head = "version: 1\nconfiguration: [{name: a}]\n"
	config := func(text string) string { return "version: 1\n" + small + "configuration:\n" + text }
	execution := func(text string) string {
		return head + "execution:\n  image: a\n  runs: 1\n  command: x\n" + text
	}
	for name, tt := range map[string]struct {
		file string
		in   Inputs
		want string
	}{
		"nothing":           {"# x\n", Inputs{}, "c.vast: the file is empty: no campaign is in it"},
		"a list":            {"- a\n", Inputs{}, "c.vast:1:1: a campaign must be a mapping of fields (version, configuration, execution ...), not a list"},
		"two documents":     {head + small + "---\na: 1\n", Inputs{}, "c.vast:5:1: [1]: a campaign is one document; give this one a file of its own"},
		"no version":        {"configuration: [{name: a}]\n" + small, Inputs{}, `c.vast:1:1: "version" is missing; write "version: 1" if the file is of that format`},
		"a later version":   {"version: 2\nexecution: {containers: {}}\n", Inputs{}, "c.vast:1:10: version: version 2 of the format is not supported; version 1 is"},
		"a version in text": {"version: one\n", Inputs{}, "c.vast:1:10: version: version one of the format is not supported; version 1 is"},
		"next to nothing": {"version: 1\n", Inputs{}, lines(
			`c.vast:1:1: "configuration" is missing`, `c.vast:1:1: "execution" is missing`)},
		"a search": {head + small + "search: {optuna: {}}\n", Inputs{},
			`c.vast:4:1: search: belongs to a later version of the format, in which a search decides what to run next; version 1 lists what is run under "configuration"`},
		"unknown fields everywhere": {"version: 1\nversoin: 1\nruns: 2\nconfiguration:\n- name: a\n  scenario_file: x\n  variation: []\nexecution:\n  image: a\n  runs: 1\n  command: x\n  preprocessing: []\n  enviroment: []\n  containers: {}\n  resources: {cpus: 1, gpus: 2, disk: 3}\n  kubernetes: {jobs: {node_label: {}}}\n", Inputs{}, lines(
			`c.vast:2:1: versoin: unknown field; did you mean "version"?`,
			`c.vast:3:1: runs: unknown field; it belongs under "execution"`,
			`c.vast:6:3: configuration[0].scenario_file: unknown field; all configurations share one scenario, "execution.scenario_file"`,
			`c.vast:7:3: configuration[0].variation: unknown field; did you mean "variations"?`,
			"c.vast:12:3: execution.preprocessing: unknown field; it is of a time before version 1, and there is nothing in its place: what results become is up to you once they are downloaded",
			"c.vast:13:3: execution.enviroment: unknown field; known are image, runs, scenario_file, run_files, command, env, resources, secondary_containers, run_as_user, pre_command, post_command, timeout, runs_per_job, configs_per_job, kubernetes, local",
			`c.vast:14:3: execution.containers: belongs to version 2 of the format; in version 1 write "image", "resources" and "secondary_containers"`,
			`c.vast:15:15: execution.resources.cpus: unknown field; did you mean "cpu"?`,
			`c.vast:15:24: execution.resources.gpus: unknown field; did you mean "gpu", a number of devices?`,
			"c.vast:15:33: execution.resources.disk: unknown field; known are cpu, memory, gpu",
			`c.vast:16:23: execution.kubernetes.jobs.node_label: unknown field; did you mean "node_labels"?`)},
		"a campaign's name": {"version: 1\nmetadata: {name: my sim/1}\nconfiguration: [{name: a}]\n" + small, Inputs{},
			`c.vast:2:18: metadata.name: "my sim/1" is not a name: letters and digits are allowed, and one or two of ".", "_", "-" between them`},

		"names of configurations": {config("- name: Test\n- name: a_b\n- name: a b\n- name: a.b\n- name: -a\n- name: b\n- name: b\n- {}\n- x\n- name: " + strings.Repeat("a", 64) + "\n"), Inputs{}, lines(
			`c.vast:4:9: configuration[0].name: "Test" is not the name of a configuration: lower-case letters and digits are allowed, and "-" between them`,
			`c.vast:5:9: configuration[1].name: "a_b" is not the name of a configuration: lower-case letters and digits are allowed, and "-" between them`,
			`c.vast:6:9: configuration[2].name: "a b" is not the name of a configuration: lower-case letters and digits are allowed, and "-" between them`,
			`c.vast:7:9: configuration[3].name: "a.b" is not the name of a configuration: lower-case letters and digits are allowed, and "-" between them`,
			`c.vast:8:9: configuration[4].name: "-a" is not the name of a configuration: lower-case letters and digits are allowed, and "-" between them`,
			`c.vast:10:9: configuration[6].name: "b" is the name of the configuration on line 9 already`,
			`c.vast:11:3: configuration[7]: "name" is missing`,
			`c.vast:12:3: configuration[8]: must be a mapping, not the text "x"`,
			`c.vast:13:9: configuration[9].name: has 64 characters; 63 are allowed`)},
		"no configuration": {"version: 1\nconfiguration: []\n" + small, Inputs{}, "c.vast:2:16: configuration: must have at least 1 entries"},
		"parameters": {config("- name: a\n  parameters:\n  - x\n  - {}\n  - a: 1\n  - a: 2\n  - 1: 2\n  - _output_dir: /x\n  - '': 1\n  - b: {1: 2}\n"), Inputs{}, lines(
			`c.vast:6:5: configuration[0].parameters[0]: must be a parameter, "NAME: value", not the text "x"`,
			`c.vast:7:5: configuration[0].parameters[1]: must be a parameter, "NAME: value", not a mapping`,
			`c.vast:9:5: configuration[0].parameters[3].a: duplicate parameter: already set on line 8`,
			`c.vast:10:5: configuration[0].parameters[4].1: a key must be text, not the number 1; write it in quotes`,
			`c.vast:11:5: configuration[0].parameters[5]._output_dir: is set for each run and cannot be given`,
			`c.vast:12:5: configuration[0].parameters[6][]: has no name`,
			`c.vast:13:9: configuration[0].parameters[7].b.1: a key must be text, not the number 1; write it in quotes`)},
		"variations": {config("- name: a\n  variations:\n  - 1\n  - ParameterVariationList:\n    name: x\n    values: [1]\n  - T: 5\n  - OneOfVariation: {}\n  - OneOfVariation: {variations: []}\n  - OneOfVariation: {variations: [{ParameterVariationList: {nam: x, values: [1]}}]}\n"), Inputs{}, lines(
			`c.vast:6:5: configuration[0].variations[0]: must be a variation, "TYPE: settings", not the number 1`,
			`c.vast:7:5: configuration[0].variations[1]: has 3 keys; write each variation as an item of its own (are the settings indented by less than the type?)`,
			`c.vast:10:8: configuration[0].variations[2].T: must be a mapping of settings, not the number 5`,
			`c.vast:11:21: configuration[0].variations[3].OneOfVariation: "variations" is missing`,
			`c.vast:12:34: configuration[0].variations[4].OneOfVariation.variations: must have at least 1 entries`,
			`c.vast:13:60: configuration[0].variations[5].OneOfVariation.variations[0].ParameterVariationList: "name" is missing`,
			`c.vast:13:61: configuration[0].variations[5].OneOfVariation.variations[0].ParameterVariationList.nam: unknown field; did you mean "name"?`)},
		"lists of values": {config("- name: a\n  variations:\n  - ParameterVariationList: {values: []}\n  - ParameterVariationList: {name: [], values: [1]}\n  - ParameterVariationList: {name: [x, x], values: [1, [1], [1, 2]]}\n  - ParameterVariationList: {name: 5, values: 1}\n"), Inputs{}, lines(
			`c.vast:6:29: configuration[0].variations[0].ParameterVariationList: "name" is missing`,
			`c.vast:6:38: configuration[0].variations[0].ParameterVariationList.values: must have at least 1 entries`,
			`c.vast:7:36: configuration[0].variations[1].ParameterVariationList.name: names no parameter`,
			`c.vast:8:40: configuration[0].variations[2].ParameterVariationList.name[1]: "x" is listed twice`,
			`c.vast:8:53: configuration[0].variations[2].ParameterVariationList.values[0]: must be a list of 2 values, one for each of x, x, not the number 1`,
			`c.vast:8:56: configuration[0].variations[2].ParameterVariationList.values[1]: has 1 values; give one for each of x, x`,
			`c.vast:9:36: configuration[0].variations[3].ParameterVariationList.name: must be text or a list, not the number 5; write it in quotes: "5"`,
			`c.vast:9:47: configuration[0].variations[3].ParameterVariationList.values: must be a list, not the number 1`)},
		"distributions": {config("- name: a\n  variations:\n  - ParameterVariationDistributionUniform: {name: x, num_variations: 0, min: 2, max: 1, seed: a}\n  - ParameterVariationDistributionGaussian: {name: x, num_variations: 1, mean: 0, std: -1, min: 0.5, type: int}\n  - ParameterVariationDistributionUniform: {name: x, num_variations: 1, type: flaot, max: 1}\n"), Inputs{}, lines(
			`c.vast:6:70: configuration[0].variations[0].ParameterVariationDistributionUniform.num_variations: must be a whole number, from 1 to 1000000, not 0`,
			`c.vast:6:86: configuration[0].variations[0].ParameterVariationDistributionUniform.max: max is below min (2)`,
			`c.vast:6:95: configuration[0].variations[0].ParameterVariationDistributionUniform.seed: must be a whole number, not the text "a"`,
			`c.vast:7:88: configuration[0].variations[1].ParameterVariationDistributionGaussian.std: must be a number, at least 0, not -1`,
			`c.vast:8:44: configuration[0].variations[2].ParameterVariationDistributionUniform: "min" is missing`,
			`c.vast:8:79: configuration[0].variations[2].ParameterVariationDistributionUniform.type: "flaot" is not one of float, int, string, bool, integer, double, number; did you mean "float"?`)},

		"a search alone": {"version: 1\nsearch: {optuna: {}}\nexecution: {runs: 1}\n", Inputs{},
			`c.vast:2:1: search: belongs to a later version of the format, in which a search decides what to run next; version 1 lists what is run under "configuration"`},
		"a simulator": {execution("  simulation: {world: a.yaml}\n"), Inputs{},
			`c.vast:7:3: execution.simulation: is not of version 1 of the format; a simulator is one of "secondary_containers", or what "command" starts`},
		"an execution that lacks all": {head + "execution: {}\n", Inputs{}, lines(
			`c.vast:3:12: execution: "runs" is missing`,
			`c.vast:3:12: execution: "scenario_file" is missing: name the scenario, or give a "command" that is run instead`,
			`c.vast:3:12: execution: "image" is missing: name a container image [Image=... to give one]`)},
		"an execution with wrong values": {head + "execution:\n  image: Big/Image\n  runs: 0\n  command: ' '\n  timeout: 0\n  run_as_user: -1\n  runs_per_job: 2\n  configs_per_job: 3\n", Inputs{}, lines(
			`c.vast:4:10: execution.image: "Big/Image" is not a container image: the repository must be in lower case`,
			"c.vast:5:9: execution.runs: must be a whole number, from 1 to 1000000, not 0",
			"c.vast:6:12: execution.command: the script is empty; write what is to be run, or leave it out for scenario_execution",
			"c.vast:7:12: execution.timeout: must be a whole number, at least 1, not 0",
			"c.vast:8:16: execution.run_as_user: must be a whole number, at least 0, not -1",
			"c.vast:10:3: execution.configs_per_job: is the older name of runs_per_job, which has another value; give one of them")},
		"paths that lead elsewhere": {head + "execution:\n  image: a\n  runs: 1\n  scenario_file: ../x.osc\n  run_files: [/etc/*, 'a/../../b', '.', '[', 'C:\\x', ok/**]\n", Inputs{}, lines(
			`c.vast:6:18: execution.scenario_file: "../x.osc" leads out of the folder of this file, by ".."`,
			`c.vast:7:15: execution.run_files[0]: "/etc/*" must be relative: files lie in the folder of this file, or below it`,
			`c.vast:7:23: execution.run_files[1]: "a/../../b" leads out of the folder of this file, by ".."`,
			`c.vast:7:36: execution.run_files[2]: "." is the folder of this file itself; write **/* for all that is in it`,
			`c.vast:7:41: execution.run_files[3]: "[" is not a pattern: syntax error in pattern`,
			`c.vast:7:46: execution.run_files[4]: "C:\\x" must be relative: files lie in the folder of this file, or below it`)},
		"a scenario that is a pattern": {head + "execution: {image: a, runs: 1, scenario_file: '*.osc'}\n", Inputs{},
			"c.vast:3:47: execution.scenario_file: must be one file, not a pattern"},
		"variables": {execution("  env:\n  - A: 1\n  - A: 2\n  - CAMPAIGN_ID: x\n  - ROS_LOG_DIR: x\n  - PARAM_X: 1\n  - B: [1]\n  - C:\n  - x\n  - 1B: 2\n"), Inputs{}, lines(
			"c.vast:9:5: execution.env[1].A: duplicate variable: already set on line 8",
			"c.vast:10:5: execution.env[2].CAMPAIGN_ID: is set for each run and cannot be given; use another name than CAMPAIGN_ID",
			"c.vast:11:5: execution.env[3].ROS_LOG_DIR: is set for each run and cannot be given; use another name than ROS_LOG_DIR",
			"c.vast:12:5: execution.env[4].PARAM_X: is set for each run and cannot be given; use another name than PARAM_X",
			"c.vast:13:8: execution.env[5].B: must be one value, not a list",
			`c.vast:14:5: execution.env[6].C: has no value (write "" in the file if it is to be empty) [Envs=C=... to set it]`,
			`c.vast:15:5: execution.env[7]: must be a variable, "NAME: value"`,
			`c.vast:16:5: execution.env[8].1B: is not a variable's name: letters, digits and "_" are allowed, and the first is no digit`)},
		"amounts": {execution("  resources: {cpu: 4+, memory: 16, gpu: 0.5}\n  secondary_containers:\n  - a: {resources: {cpu: 0, memory: 10GB}}\n"), Inputs{}, lines(
			`c.vast:7:20: execution.resources.cpu: "4+" is not a number of CPUs; write 4, 0.5 or "500m"; a run gets exactly what it requests; omit the "+"`,
			`c.vast:7:32: execution.resources.memory: "16" is not an amount of memory with a unit of Kubernetes's; write 4Gi or 512Mi`,
			"c.vast:7:41: execution.resources.gpu: must be a whole number, not the number 0.5",
			`c.vast:9:26: execution.secondary_containers[0].a.resources.cpu: "0": must be above 0`,
			`c.vast:9:37: execution.secondary_containers[0].a.resources.memory: "10GB" is not an amount of memory with a unit of Kubernetes's; write 4Gi or 512Mi`)},
		"secondary containers": {execution("  secondary_containers:\n  - 5\n  - resources: {cpu: 1}\n  - nav: {resources: {cpu: 1}}\n    resources: {cpu: 1}\n  - nav\n  - a:\n    b:\n  - task\n  - vast-keep\n  - Big_Name\n  - c: {image: x}\n"), Inputs{}, lines(
			"c.vast:8:5: execution.secondary_containers[0]: must be a container's name, or the name with its resources, not the number 5",
			`c.vast:9:5: execution.secondary_containers[1]: names no container; write "- NAME:"`,
			"c.vast:10:10: execution.secondary_containers[2].nav: has the same fields below its name and beside it; give them once",
			`c.vast:12:5: execution.secondary_containers[3]: "nav" is the name of the container on line 10 already`,
			`c.vast:14:5: execution.secondary_containers[4].b: is in the same item as the container "a"; write each container as an item of its own`,
			`c.vast:15:5: execution.secondary_containers[5]: "task" is reserved for our own containers; use another name`,
			`c.vast:16:5: execution.secondary_containers[6]: "vast-keep" is reserved for our own containers; use another name`,
			`c.vast:17:5: execution.secondary_containers[7]: "Big_Name" is not the name of a container: at most 63 lower-case letters, digits and "-" between them`,
			"c.vast:18:9: execution.secondary_containers[8].c.image: unknown field; known are resources, command")},
		"labels of nodes": {execution("  kubernetes: {jobs: {node_labels: {a b: c, d: 'e f', g: 1}}}\n"), Inputs{}, lines(
			"c.vast:7:37: execution.kubernetes.jobs.node_labels[a b]: is not the name of a label",
			`c.vast:7:48: execution.kubernetes.jobs.node_labels.d: "e f" is not the value of a label`,
			`c.vast:7:58: execution.kubernetes.jobs.node_labels.g: must be text, not the number 1; write it in quotes: "1"`)},

		"options that no campaign has": {head + small, Inputs{NumNodes: 2, Secrets: map[string]string{"RUN_NUMBER": "hush"}, Envs: map[string]string{"RUN_ID": "1"}, CPUs: "4+", Memory: "x", GPUs: "H100:8", Image: "A"}, lines(
			"NumNodes: a campaign's runs have one node each",
			`Envs: "RUN_ID" is set for each run and cannot be given; use another name than RUN_ID`,
			`Secrets: "RUN_NUMBER" is set for each run and cannot be given; use another name than RUN_NUMBER`,
			`Image: "A" is not a container image: the repository must be in lower case`,
			`CPUs: "4+": a run gets exactly what it requests; omit the "+"`,
			`Memory: "x" is not an amount of memory; write 16 (GB), "512Mi", "2g", or "16+" for at least 16 GB`,
			`GPUs: "H100:8": a campaign takes a whole number of devices; choose their model by kubernetes.jobs.node_labels`)},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, campaignProblems(t, tt.file, tt.in)); diff != "" {
				t.Errorf("problems (-want,+got):\n%s", diff)
			}
		})
	}
}

func TestACampaignsValuesPerCluster(t *testing.T) {
	// The example of RoboVAST's documentation, and the spelling of its files.
	const file = `version: 1
configuration: [{name: a}]
execution:
  image: a
  runs: 1
  command: x
  resources:
    cpu:
    - gcp-c4: 4
    - local: 8
    memory: 20Gi
  secondary_containers:
  - nav:
      resources:
        cpu:
        - gcp-c4: 2
        - local: 4
  - simulation:
    resources:
      memory:
      - gcp-c4: 8Gi
      - local: 16Gi
`
	for context, want := range map[string]Execution{
		"gcp-c4": {CPU: "4", Memory: "20Gi", Secondary: []Secondary{{Name: "nav", CPU: "2"}, {Name: "simulation", Memory: "8Gi"}}},
		"local":  {CPU: "8", Memory: "20Gi", Secondary: []Secondary{{Name: "nav", CPU: "4"}, {Name: "simulation", Memory: "16Gi"}}},
	} {
		e := mustCampaign(t, file, Inputs{Context: context}).Execution
		got := Execution{CPU: e.CPU, Memory: e.Memory, Secondary: e.Secondary}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("context %s (-want,+got):\n%s", context, diff)
		}
	}
	for context, want := range map[string]string{
		"": `c.vast:9:5: execution.resources.cpu: the value depends on the cluster: there are values for the contexts "gcp-c4", "local" [Context to choose one]`,
		"other": lines(
			`c.vast:9:5: execution.resources.cpu: there is no value for context "other", only for "gcp-c4", "local"; add one, or write a plain value for all clusters`,
			`c.vast:16:9: execution.secondary_containers[0].nav.resources.cpu: there is no value for context "other", only for "gcp-c4", "local"; add one, or write a plain value for all clusters`,
			`c.vast:21:7: execution.secondary_containers[1].resources.memory: there is no value for context "other", only for "gcp-c4", "local"; add one, or write a plain value for all clusters`),
	} {
		if diff := cmp.Diff(want, campaignProblems(t, file, Inputs{Context: context})); diff != "" {
			t.Errorf("context %q (-want,+got):\n%s", context, diff)
		}
	}
}
