package spec

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/kubevast/vast/sdk/internal/percontext"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

const lab = "gke_proj/eu:vast@lab"

func TestValuesPerClusterAreThoseOfTheContext(t *testing.T) {
	prio := int32(7)
	const file = `
resources:
  cpus:
    - gke_proj/eu:vast@lab: 8
    - local: 500m
    - my own cluster: 1+
  memory: 4
`
	tests := map[string]struct {
		file, context string
		want          []Resources
	}{
		"the first": {file, lab, []Resources{{CPUs: cpus("8", false), Memory: cpus("4Gi", false)}}},
		"another":   {file, "local", []Resources{{CPUs: cpus("500m", false), Memory: cpus("4Gi", false)}}},
		"a name with blanks": {
			file, "my own cluster", []Resources{{CPUs: cpus("1", true), Memory: cpus("4Gi", false)}},
		},
		"plain values need no context": {"resources: {cpus: 2, ports: [80]}", "", []Resources{{CPUs: cpus("2", false), Ports: []Port{{80, 80}}}}},
		"plain values in any context":  {"resources: {cpus: 2, ports: [80]}", "x", []Resources{{CPUs: cpus("2", false), Ports: []Port{{80, 80}}}}},
		"every kind of field": {
			`resources:
  accelerators: [{local: {H100: 2}}, {x: 'T4:1'}]
  ephemeral_storage: [{local: 10}]
  image_id: [{local: 'docker:busybox:1.36'}]
  labels: [{local: {a: b}}, {x: {}}]
  ports: [{local: [80, 8000-8010]}, {x: 1}]
  priority: [{local: 7}]
  disk_size: [{local: 100}]`,
			"local",
			[]Resources{{
				Accelerator: acc("H100", 2), EphemeralStorage: cpus("10Gi", false), Image: "busybox:1.36", Priority: &prio,
				Labels: map[string]string{"a": "b"}, Ports: []Port{{80, 80}, {8000, 8010}},
			}},
		},
		"lists that are values": {
			`resources: {accelerators: ['A100:1', 'V100:1'], ports: [80, 90]}`, "local",
			[]Resources{
				{Accelerator: acc("A100", 1), Ports: []Port{{80, 80}, {90, 90}}},
				{Accelerator: acc("V100", 1), Ports: []Port{{80, 80}, {90, 90}}},
			},
		},
		"a list of accelerators as the value": {
			`resources: {gpus: [{local: [A100, V100]}]}`, "local",
			[]Resources{{Accelerator: acc("A100", 1)}, {Accelerator: acc("V100", 1)}},
		},
		"null leaves the field out": {`resources: {cpus: [{local: null}, {x: 2}], memory: 1}`, "local", []Resources{{Memory: cpus("1Gi", false)}}},
		"fields of candidates": {
			`resources: {cpus: [{local: 1}, {x: 2}], any_of: [{memory: [{x: 1}, {local: 2}]}, {cpus: [{local: 4}]}]}`, "local",
			[]Resources{{CPUs: cpus("1", false), Memory: cpus("2Gi", false)}, {CPUs: cpus("4", false)}},
		},
		"fields of candidates in order": {
			`resources: {ordered: [{cpus: [{local: 4}]}, {cpus: 1}]}`, "local", []Resources{{CPUs: cpus("4", false)}, {CPUs: cpus("1", false)}},
		},
		"memory per CPU": {`resources: {cpus: [{local: 4}], memory: [{local: 2x}]}`, "local",
			[]Resources{{CPUs: cpus("4", false), Memory: cpus("8Gi", false)}}},
		"infra counts as given":                       {`resources: {infra: k8s/a/b, cpus: [{a/b: 4}]}`, "", []Resources{{Context: "a/b", CPUs: cpus("4", false)}}},
		"infra in the old spelling":                   {`resources: {cloud: kubernetes, region: a, cpus: [{a: 4}]}`, "", []Resources{{Context: "a", CPUs: cpus("4", false)}}},
		"infra per cluster":                           {`resources: {infra: [{a: k8s/a}, {b: k8s/b}], cpus: [{a: 4}, {b: 5}]}`, "b", []Resources{{Context: "b", CPUs: cpus("5", false)}}},
		"infra of the only candidate that names one":  {`resources: {cpus: [{a: 4}], any_of: [{infra: k8s/a}]}`, "", []Resources{{Context: "a", CPUs: cpus("4", false)}}},
		"each candidate by its own infra":             {`resources: {any_of: [{infra: k8s/a, cpus: [{a: 4}]}, {infra: k8s/b, cpus: [{b: 5}]}]}`, "", []Resources{{Context: "a", CPUs: cpus("4", false)}, {Context: "b", CPUs: cpus("5", false)}}},
		"candidates of other clusters are left out":   {`resources: {any_of: [{infra: k8s/a, cpus: [{a: 4}]}, {infra: k8s/b, cpus: [{b: 5}]}]}`, "b", []Resources{{Context: "b", CPUs: cpus("5", false)}}},
		"a list that is merged from an anchor":        {"inputs: {a: 1}\nresources: {<<: {cpus: [{local: 3}]}, memory: 1}", "local", []Resources{{CPUs: cpus("3", false), Memory: cpus("1Gi", false)}}},
		"a name that YAML takes for a number or true": {`resources: {cpus: [{1: 3}, {true: 4}]}`, "true", []Resources{{CPUs: cpus("4", false)}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			task := mustTask(t, tt.file+"\nrun: x\n", Inputs{Context: tt.context})
			if diff := cmp.Diff(tt.want, task.Resources); diff != "" {
				t.Errorf("resources (-want,+got):\n%s", diff)
			}
		})
	}
}

func TestValuesPerClusterThatAreWrong(t *testing.T) {
	tests := map[string]struct{ file, context, want string }{
		"no context, asked for once": {
			"{cpus: [{a: 1}, {b: 2}], memory: [{b: 1}, {c: 1}], any_of: [{labels: [{d e: {}}]}]}", "",
			`task.yaml:2:19: resources.cpus: the value depends on the cluster: there are values for the contexts "a", "b", "c", "d e" [Context to choose one]`,
		},
		"no context, and a mistake elsewhere": {
			"{cpus: [{a: 1}], memory: 4x, ports: 0}", "",
			lines(
				`task.yaml:2:19: resources.cpus: the value depends on the cluster: there are values for the contexts "a" [Context to choose one]`,
				`task.yaml:2:48: resources.ports: a port is a number from 1 to 65535, not 0`,
			),
		},
		"no match, each reported": {
			"{cpus: [{a: 1}, {b: 2}], memory: [{c/d:e@f: 1}]}", "z",
			lines(
				`task.yaml:2:19: resources.cpus: there is no value for context "z", only for "a", "b"; add one, or write a plain value for all clusters`,
				`task.yaml:2:45: resources.memory: there is no value for context "z", only for "c/d:e@f"; add one, or write a plain value for all clusters`,
			),
		},
		"a value that is wrong": {
			"{cpus: [{a: 1}, {b: lots}]}", "b",
			`task.yaml:2:32: resources.cpus[1].b: "lots" is not a number of CPUs; write 4, 0.5, "500m", or "4+" for at least 4`,
		},
		"a value that is wrong in another cluster is not looked at there": {
			"{cpus: [{a: 1}, {b: lots}], memory: much}", "a",
			`task.yaml:2:48: resources.memory: "much" is not an amount of memory; write 16 (GB), "512Mi", "2g", or "16+" for at least 16 GB`,
		},
		"mixed items": {
			"{accelerators: ['A100:1', {b: 2}], cpus: [{a: 1, b: 2}, {}, {~: 3}, {a: 1}, {a: 2}]}", "a",
			lines(
				`task.yaml:2:28: resources.accelerators[0]: is not a context with its value, as other items of this list are; write all of them as {context: value}`,
				`task.yaml:2:54: resources.cpus[0]: has 2 keys; give each context an item of its own: - "a": ..., - "b": ...`,
				`task.yaml:2:68: resources.cpus[1]: is empty; write a context with its value, {context: value}`,
				`task.yaml:2:72: resources.cpus[2]: names no context; write {context: value}`,
				`task.yaml:2:88: resources.cpus[4]: context "a" is already in item 4 of this list; give it one value`,
			),
		},
		"a mapping of contexts": {
			"{cpus: {a: 1, b: 2}, any_of: [{use_spot: {a: true}}]}", "a",
			lines(
				`task.yaml:2:19: resources.cpus: must be a number of CPUs, not a mapping; values per cluster are a list of contexts, "- a: ..."`,
				`task.yaml:2:53: resources.any_of[0].use_spot: must be true or false, not a mapping; values per cluster are a list of contexts, "- a: ..."`,
			),
		},
		"a blank in an accelerator": {
			"{accelerators: [{A100: 8}, {V100: 8}]}", "a",
			`task.yaml:2:27: resources.accelerators: there is no value for context "a", only for "A100", "V100"; add one, or write a plain value for all clusters; if accelerators are meant, leave out the blank: "A100:8"`,
		},
		"a list in a list": {
			"{cpus: [{a: [{a: 1}]}]}", "a",
			`task.yaml:2:24: resources.cpus[0].a: is a list of values per cluster again; write the value itself`,
		},
		"an empty list": {"{cpus: []}", "a", `task.yaml:2:19: resources.cpus: must be a number of CPUs, not a list`},
		"fields that exclude each other": {
			"{priority: [{a: 1}], priority_class: [{a: x}]}", "a",
			`task.yaml:2:33: resources.priority_class[0].a: excludes priority; give one of them`,
		},
		"candidates are no values per cluster": {
			"{any_of: [{a: {cpus: 1}}]}", "a",
			`task.yaml:2:23: resources.any_of[0].a: unknown field; known are`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := problems(t, "run: x\nresources: "+tt.file+"\n", Inputs{Context: tt.context})
			if head, more, _ := strings.Cut(got, "known are"); more != "" {
				got = head + "known are"
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("problems (-want,+got):\n%s", diff)
			}
		})
	}
}

func TestIgnoredFieldsPerClusterAreNamedOnce(t *testing.T) {
	task := mustTask(t, "run: x\nresources: {disk_size: [{a: 1}, {b: 2}], image_id: [{a: ami-1}]}\n", Inputs{Context: "a"})
	if diff := cmp.Diff([]string{"resources.disk_size", "resources.image_id"}, task.Ignored); diff != "" {
		t.Errorf("ignored (-want,+got):\n%s", diff)
	}
}

func TestAFileClaimsTheContextsOfItsInfra(t *testing.T) {
	tests := map[string]struct {
		file, context string
		want          []string
	}{
		"none":                         {"run: x\n", "", []string{""}},
		"one":                          {"run: x\nresources: {infra: k8s/a}\n", "", []string{"a"}},
		"one that is not the given":    {"run: x\nresources: {infra: k8s/a}\n", "b", []string{"a"}},
		"those of the candidates":      {"run: x\nresources: {any_of: [{infra: k8s/a}, {infra: k8s/b}, {infra: k8s/a, cpus: 1}]}\n", "", []string{"a", "b"}},
		"of the candidates the given":  {"run: x\nresources: {any_of: [{infra: k8s/a}, {infra: k8s/b}]}\n", "b", []string{"b"}},
		"of the candidates none fits":  {"run: x\nresources: {any_of: [{infra: k8s/a}, {infra: k8s/b}]}\n", "c", []string{"a", "b"}},
		"those of all tasks":           {"name: p\n---\nrun: x\nresources: {infra: k8s/a}\n---\nrun: x\nresources: {cloud: k8s, region: b}\n", "", []string{"a", "b"}},
		"of a cloud that is elsewhere": {"run: x\nresources: {infra: aws/us}\n", "", []string{""}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f, err := Parse("task.yaml", []byte(tt.file), Inputs{Context: tt.context})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range f.Claims {
				got = append(got, c.Context)
				if c.File != "task.yaml" || (c.Context != "") != (c.Line > 0 && c.Path != "") {
					t.Errorf("claim %+v", c)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("claims (-want,+got):\n%s", diff)
			}
		})
	}
}

// A field whose value is a list of mappings cannot have values per cluster: the
// two look alike.
func TestEveryFieldEitherMayDifferOrHoldsMappings(t *testing.T) {
	for _, f := range yamlfile.StructFields(reflect.TypeFor[resourcesFile]()) {
		typ := f.Typ
		if a, ok := reflect.New(typ).Interface().(interface{ JSONSchemaAlias() any }); ok {
			typ = reflect.TypeOf(a.JSONSchemaAlias())
		}
		mappings := false
		if typ.Kind() == reflect.Slice {
			mappings = yamlfile.Accepts(typ.Elem(), &yamlfile.Node{Kind: yaml.MappingNode})
		}
		if percontext.MayDiffer(f.Name) == mappings {
			t.Errorf("field %s: holds mappings: %v, may differ: %v", f.Name, mappings, percontext.MayDiffer(f.Name))
		}
	}
}
