package spec

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAFieldTakesAScalarByTheYAMLThatFitsIt(t *testing.T) {
	tests := map[string]struct {
		file string
		got  func(*Task) any
		want any
	}{
		"a name that YAML 1.2 takes for a number":  {"name: 1e3", func(t *Task) any { return t.Name }, "1e3"},
		"a name that YAML 1.1 takes for a boolean": {"name: on", func(t *Task) any { return t.Name }, "on"},
		"a script that is one word":                {"setup: yes", func(t *Task) any { return t.Setup }, "yes"},
		"labels that are text to one of both":      {"resources: {labels: {a: 1e3, b: no}}", func(t *Task) any { return t.Resources[0].Labels }, map[string]string{"a": "1e3", "b": "no"}},
		"a number of CPUs of base 8":               {"resources: {cpus: 010}", func(t *Task) any { return t.Resources[0].CPUs.Quantity.String() }, "8"},
		"a number of CPUs of YAML 1.2":             {"resources: {cpus: 1e1}", func(t *Task) any { return t.Resources[0].CPUs.Quantity.String() }, "10"},
		"a number of nodes of YAML 1.2":            {"num_nodes: 0o17", func(t *Task) any { return t.NumNodes }, 15},
		"a number of nodes of YAML 1.1":            {"num_nodes: 1:30", func(t *Task) any { return t.NumNodes }, 90},
		"a number of accelerators":                 {"resources: {accelerators: {T4: 1_0}}", func(t *Task) any { return t.Resources[0].Accelerator.Count }, 10.0},
		"a boolean that has no meaning here":       {"resources: {use_spot: yes}", func(t *Task) any { return t.Ignored }, []string{"resources.use_spot"}},
		"the last of two merge keys": {"resources: {<<: {cpus: 1, memory: 1}, <<: {cpus: 2}}",
			func(t *Task) any {
				return t.Resources[0].CPUs.Quantity.String() + " " + t.Resources[0].Memory.Quantity.String()
			}, "2 1Gi"},
		"the first of merged mappings": {"resources: {<<: [{cpus: 1}, {cpus: 2}]}", func(t *Task) any { return t.Resources[0].CPUs.Quantity.String() }, "1"},
		"pod_config by the fields of a pod": {"config: {kubernetes: {pod_config: {metadata: {labels: {a: on, b: 1e3}}, spec: {hostIPC: on, nodeSelector: {gpu: yes}, terminationGracePeriodSeconds: 1e3, " +
			"containers: [{env: [{name: A, value: off}], tty: no}], volumes: [{name: v, configMap: {name: 1:30, defaultMode: 0o644}}]}}}}",
			func(t *Task) any { return t.PodConfig }, map[string]any{
				"metadata": map[string]any{"labels": map[string]any{"a": "on", "b": "1e3"}},
				"spec": map[string]any{"hostIPC": true, "nodeSelector": map[string]any{"gpu": "yes"}, "terminationGracePeriodSeconds": 1000.0,
					"containers": []any{map[string]any{"env": []any{map[string]any{"name": "A", "value": "off"}}, "tty": false}},
					"volumes":    []any{map[string]any{"name": "v", "configMap": map[string]any{"name": "1:30", "defaultMode": int64(420)}}}}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			task := mustTask(t, tt.file+"\nrun: x\n", Inputs{})
			if diff := cmp.Diff(tt.want, tt.got(task)); diff != "" {
				t.Errorf("(-want,+got):\n%s", diff)
			}
		})
	}
}

func TestAScalarThatFitsNeitherYAMLIsRefused(t *testing.T) {
	for name, tt := range map[string]struct{ file, want string }{
		"a boolean where a number belongs":       {"num_nodes: yes\n", "task.yaml:1:12: num_nodes: must be a whole number, not the boolean yes"},
		"a boolean that is no amount":            {"resources: {cpus: on}\n", `task.yaml:1:19: resources.cpus: "on" is not a number of CPUs; write 4, 0.5, "500m", or "4+" for at least 4`},
		"a number in quotes":                     {"num_nodes: '2'\n", `task.yaml:1:12: num_nodes: must be a whole number, not the text "2"; write 2 without quotes`},
		"two ports are no number of base sixty":  {"resources: {ports: 22:22}\n", `task.yaml:1:20: resources.ports: "22:22" is not a port; write 8080 or a range, "8000-8010"`},
		"a number where text belongs":            {"name: 12\n", `task.yaml:1:7: name: must be text, not the number 12; write it in quotes: "12"`},
		"a tag that does not fit":                {"num_nodes: !!int yes\n", lines("task.yaml:1:12: num_nodes: the YAML tag !!int does not fit the value", `task.yaml:1:12: num_nodes: must be a whole number, not the text "yes"`)},
		"a number out of range":                  {"num_nodes: 99999999999999999999\n", "task.yaml:1:12: num_nodes: 99999999999999999999 is out of range"},
		"a merge key with what is no mapping":    {"<<: 1\n", `task.yaml:1:5: <<: only a mapping can be merged by "<<"`},
		"a key twice, once with another meaning": {"envs: {A: 1, A: 2}\n", "task.yaml:1:14: envs.A: duplicate key: already set on line 1"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, problems(t, tt.file+"run: x\n", Inputs{})); diff != "" {
				t.Errorf("(-want,+got):\n%s", diff)
			}
		})
	}
}
