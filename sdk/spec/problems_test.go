package spec

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

func TestEveryProblemHasItsPlaceAndItsMend(t *testing.T) {
	tests := map[string]struct{ file, want string }{
		"an unknown field is answered with the nearest one": {
			"run: x\nresources:\n  acelerators: H100\n",
			`task.yaml:3:3: resources.acelerators: unknown field; did you mean "accelerators"?`,
		},
		"two neighbouring letters may be swapped": {
			"rnu: x\n",
			lines(
				`task.yaml:1:1: rnu: unknown field; did you mean "run"?`,
				`task.yaml:1:1: there is nothing to run: give a script as run, or as setup`,
			),
		},
		"a field that belongs elsewhere is sent there": {
			"run: x\ncpus: 4\nimage: a\n",
			lines(
				`task.yaml:2:1: cpus: unknown field; it belongs under "resources"`,
				`task.yaml:3:1: image: unknown field; the image goes into "resources.image_id"`,
			),
		},
		"a field that was renamed has its new name": {
			"run: x\nexperimental: {}\nresources: {spot_recovery: x}\n",
			lines(
				`task.yaml:2:1: experimental: unknown field; "experimental.config_overrides" is called "config" now`,
				`task.yaml:3:13: resources.spot_recovery: unknown field; it is called "job_recovery" now`,
			),
		},
		"a field that is near nothing lists what is known": {
			"run: x\nworkdir: {xylophone: 1}\n",
			lines(
				`task.yaml:2:10: workdir: "url" is missing`,
				`task.yaml:2:11: workdir.xylophone: unknown field; known are url, ref`,
			),
		},
		"duplicate keys are found at every level": {
			"name: a\nname: b\nrun: x\nresources:\n  cpus: 1\n  cpus: 2\n",
			lines(
				"task.yaml:2:1: name: duplicate key: already set on line 1",
				"task.yaml:6:3: resources.cpus: duplicate key: already set on line 5",
			),
		},
		"all problems come in one answer, in the file's order": {
			"num_nodes: 0\nresources:\n  cpus: four\n  priority: 2000\n  use_spot: 1\n",
			lines(
				"task.yaml:1:1: there is nothing to run: give a script as run, or as setup",
				"task.yaml:1:12: num_nodes: must be a whole number, from 1 to 10000, not 0",
				`task.yaml:3:9: resources.cpus: "four" is not a number of CPUs; write 4, 0.5, "500m", or "4+" for at least 4`,
				"task.yaml:4:13: resources.priority: must be a whole number, from -1000 to 1000, not 2000",
				"task.yaml:5:13: resources.use_spot: must be true or false, not the number 1",
			),
		},
		"a number in quotes loses them": {
			"num_nodes: \"2\"\nrun: x\n",
			`task.yaml:1:12: num_nodes: must be a whole number, not the text "2"; write 2 without quotes`,
		},
		"text that YAML takes for something else gets quotes": {
			"name: 1\nrun: true\n",
			lines(
				`task.yaml:1:7: name: must be text, not the number 1; write it in quotes: "1"`,
				`task.yaml:2:6: run: must be text, not the boolean true; write it in quotes: "true"`,
			),
		},
		"a script as a list is a wrong type": {
			"run: [echo, hi]\n",
			"task.yaml:1:6: run: must be text, not a list",
		},
		"a key that is not text": {
			"1: a\nrun: x\nconfig: {kubernetes: {pod_config: {true: 1}}}\n",
			lines(
				"task.yaml:1:1: 1: unknown field; known are name, num_nodes, envs, secrets, resources, volumes, workdir, file_mounts, setup, run, outputs, barrier_timeout, config, event_callback, api_server_access, managed_secrets, inputs, volume_mounts, file_mounts_mapping",
				"task.yaml:3:36: config.kubernetes.pod_config.true: a key must be text, not the boolean true; write it in quotes",
			),
		},
		"a key that is a list": {
			"? [a]\n: b\nrun: x\n",
			"task.yaml:1:3: a key must be text, not a list",
		},
		"neither run nor setup, beside another problem": {
			"name: a\nnum_nodes: 0\n",
			"task.yaml:1:1: there is nothing to run: give a script as run, or as setup\n" +
				"task.yaml:2:12: num_nodes: must be a whole number, from 1 to 10000, not 0",
		},
		"a run of blanks": {
			"run: ' '\n",
			"task.yaml:1:6: run: there is nothing to run: the script is empty",
		},
		"a name that cannot be made sense of": {
			"name: \"\\U0001F600\"\nrun: x\n",
			"task.yaml:1:7: name: \"\U0001F600\" is not a name: letters and digits are allowed, and one or two of \".\", \"_\", \"-\" between them",
		},
		"a name of 300 characters": {
			"name: " + strings.Repeat("a", 300) + "\nrun: x\n",
			`task.yaml:1:7: name: "` + strings.Repeat("a", 60) + `..." is too long a name: it has 300 characters, and 100 are allowed`,
		},
		"ignored fields are checked too": {
			"run: x\nresources:\n  max_hourly_cost: 0\n  disk_tier: hihg\n  autostop: soon\n  job_recovery: {max_restarts_on_errors: -1, recover_on_exit_codes: [1, 1, 300]}\nconfig: {hooks: [{run: '', events: [halt]}]}\n",
			lines(
				"task.yaml:3:20: resources.max_hourly_cost: must be a number, more than 0, not 0",
				`task.yaml:4:14: resources.disk_tier: "hihg" is not one of low, medium, high, ultra, best, none; did you mean "high"?`,
				`task.yaml:5:13: resources.autostop: "soon" is not a duration; write minutes (30) or "30m", "2h", "1d"`,
				"task.yaml:6:42: resources.job_recovery.max_restarts_on_errors: must be a whole number, at least 0, not -1",
				`task.yaml:6:73: resources.job_recovery.recover_on_exit_codes[1]: "1" is listed twice`,
				"task.yaml:6:76: resources.job_recovery.recover_on_exit_codes[2]: must be a whole number, from 0 to 255, not 300",
				"task.yaml:7:24: config.hooks[0].run: must not be empty",
				`task.yaml:7:37: config.hooks[0].events[0]: "halt" is not one of stop, preemption, down`,
			),
		},
		"serving is refused by name, whatever else is wrong": {
			"service: {replicas: 1}\nrnu: x\n",
			"task.yaml:1:1: service: services are not supported: a task runs to completion; use a Deployment and a Service for a server",
		},
		"pools are refused by name": {
			"pool: {workers: 1}\n",
			"task.yaml:1:1: pool: pools of idle workers are not supported: nodes are started for each task and released at its end; submit each piece of work as a task",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, problems(t, tt.file, Inputs{})); diff != "" {
				t.Errorf("problems (-want,+got):\n%s", diff)
			}
		})
	}
}

func TestWhatIsNoYAMLOfOursIsOneClearProblem(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'j'; c++ {
		bomb += strings.ReplaceAll("C: &C [*P,*P,*P,*P,*P,*P,*P,*P,*P,*P]\n", "C", string(c))
		bomb = strings.ReplaceAll(bomb, "P", string(c-1))
	}
	tests := map[string]struct{ file, want string }{
		"an empty file":             {"", "task.yaml: the file is empty: no task, pipeline or volume is in it"},
		"only comments":             {"# a\n\n# b\n", "task.yaml: the file is empty: no task, pipeline or volume is in it"},
		"only separators":           {"---\n---\n", "task.yaml: the file is empty: no task, pipeline or volume is in it"},
		"NUL bytes":                 {"run: x\x00", "task.yaml: the file is not text: a task file is YAML in UTF-8"},
		"bytes that are no UTF-8":   {"run: \xff", "task.yaml: the file is not text: a task file is YAML in UTF-8"},
		"a file of 10 MB":           {strings.Repeat("# long\n", 10<<20/7), "task.yaml: the file is larger than 1024 KiB, the most that a task file may have; data belongs in a volume or in the image"},
		"a list":                    {"- a\n- b\n", "task.yaml:1:1: a file must be a mapping of fields (name, resources, run ...), not a list"},
		"a scalar":                  {"hello", `task.yaml:1:1: a file must be a mapping of fields (name, resources, run ...), not the text "hello"`},
		"no blank behind the colon": {"name:foo\n", `task.yaml:1:1: a blank is missing behind the colon: write "name: ..."`},
		"no blank in a later line":  {"name: foo\nrun:echo\n", `task.yaml:2:1: a blank is missing behind the colon: write "run: ..."`},
		"no blank in a nested line": {"run: x\nresources:\n  cpus:2\n", `task.yaml:3:3: resources: must be a mapping, not the text "cpus:2"; is a blank missing behind the colon?`},
		"a tab as indentation":      {"run: x\nresources:\n\tcpus: 2\n", "task.yaml:3:1: a tab is used as indentation; YAML requires spaces"},
		"a tab behind blanks":       {"run: x\nresources:\n  cpus: 2\n\tmemory: 2\n", "task.yaml:4:1: a tab is used as indentation; YAML requires spaces"},
		"a bracket that stays open": {"run: [\n", "task.yaml:1:1: this is not YAML: did not find expected node content"},
		"a bomb of aliases":         {bomb, "task.yaml: the aliases of this file stand for more than 10000 values"},
		"an alias of itself":        {"run: &a [*a]\n", "task.yaml:1:10: nested deeper than 64 levels"},
		"deep nesting":              {"config: " + strings.Repeat("[", 1000) + strings.Repeat("]", 1000), "task.yaml:1:73: nested deeper than 64 levels"},
		"very deep nesting":         {"config: " + strings.Repeat("[", 1<<19), "task.yaml:1:1: this is not YAML: exceeded max depth of 10000"},
		"a tag of Python":           {"run: !!python/object x\n", "task.yaml:1:6: run: the YAML tag !!python/object has no meaning here"},
		"a wrong tag":               {"num_nodes: !!int x\nrun: x\n", "task.yaml:1:12: num_nodes: the YAML tag !!int does not fit the value\ntask.yaml:1:12: num_nodes: must be a whole number, not the text \"x\""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, problems(t, tt.file, Inputs{})); diff != "" {
				t.Errorf("problems (-want,+got):\n%s", diff)
			}
		})
	}
}

func TestAFileThatIsWrongAllOverHasAReadableAnswer(t *testing.T) {
	var b strings.Builder
	for range 500 {
		b.WriteString("  - x: 1\n")
	}
	got := problems(t, "run: x\nresources:\n  any_of:\n"+b.String(), Inputs{})
	if n := strings.Count(got, "\n") + 1; n != yamlfile.MaxProblems+1 || !strings.HasSuffix(got, "401 more problems are not shown") {
		t.Errorf("%d lines, the last is %q", n, got[strings.LastIndex(got, "\n")+1:])
	}
}

func TestWhatMultipliesIsBounded(t *testing.T) {
	tests := map[string]struct{ file, want string }{
		"candidates": {
			"run: x\nresources:\n  accelerators: {A, B, C}\n  any_of: [" + strings.Repeat("{cpus: 1},", 100) + "]\n",
			"task.yaml:4:3: resources.any_of: gives up to 300 candidates; 256 are allowed",
		},
		"documents": {
			strings.Repeat("run: x\n---\n", yamlfile.MaxDocuments+1),
			"task.yaml:2001:1: the file has more than 1000 documents",
		},
		"problems": {
			"run: x\nresources:\n  any_of: [" + strings.Repeat("{x: 1},", 5000) + "]\n",
			"4901 more problems are not shown",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := problems(t, tt.file, Inputs{})
			if last := got[strings.LastIndex(got, "\n")+1:]; !strings.HasSuffix(last, tt.want) {
				t.Errorf("got %q, want %q", last, tt.want)
			}
		})
	}
}
