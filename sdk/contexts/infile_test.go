package contexts_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/contexts"
	"github.com/kubevast/vast/sdk/internal/percontext"
)

func TestTheContextsThatAFileNames(t *testing.T) {
	for name, tt := range map[string]struct {
		file string
		want []string
	}{
		"a task":                             {"name: a\nresources:\n  cpus: [{b: 1}, {'gke_p/eu:c@l': 2}]\n  memory: [{a: 1}, {b: 2}]\nrun: x\n", []string{"a", "b", "gke_p/eu:c@l"}},
		"plain values only":                  {"resources: {cpus: 1, ports: [80], accelerators: [A100, V100]}\n", nil},
		"candidates are no contexts":         {"resources: {any_of: [{infra: aws}, {cpus: [{a: 1}]}], ordered: [{memory: [{b: 1}]}], volumes: [{path: /x}]}\n", []string{"a", "b"}},
		"variables only look alike":          {"envs: {resources: {cpus: [{a: 1}]}}\nenv: [{resources: 1}, {B: 2}]\nresources: {cpus: 1}\n", nil},
		"several documents":                  {"name: p\n---\nresources: {cpus: [{a: 1}]}\n---\nresources: {cpus: [{b: 1}]}\n", []string{"a", "b"}},
		"a Kubernetes object's resources":    {"config: {kubernetes: {pod_config: {spec: {containers: [{resources: {claims: [{name: gpu}]}}]}}}}\n", nil},
		"aliases and merged mappings":        {"x: &l [{a: 1}]\ny: &r {memory: [{b: 1}]}\nresources: {<<: *r, cpus: *l}\n", []string{"a", "b"}},
		"aliases of aliases without end":     {"a: &a {resources: &r {any_of: [*r], cpus: [{z: *a}]}}\n", []string{"z"}},
		"malformed lists are for the parser": {"resources: {cpus: [{a: 1}, 2], memory: [{b: 1, c: 2}], disk_size: [{d: 1}]}\n", []string{"d"}},
		"a campaign": {`
version: 1
metadata: {resources: {cpu: [{meta: 1}]}}
configuration:
- name: test
  parameters: [{growth: 1}, {resources: {cpu: [{parameter: 1}]}}]
  variations: [{ParameterVariationList: {name: resources, values: [{variation: 1}]}}]
execution:
  image: busybox
  env: [{resources: [{variable: 1}]}]
  resources:
    cpu: [{gcp-c4: 4}, {local: 8}]
    memory: 10Gi
  secondary_containers:
  - nav:
      resources: {cpu: [{nested: 1}]}
  - simulation:
    resources: {memory: [{sibling: 1}]}
  - plain
`, []string{"gcp-c4", "local", "nested", "sibling"}},
		"no mapping": {"- a\n", nil},
		"nothing":    {"", nil},
	} {
		t.Run(name, func(t *testing.T) {
			const path = "file.yaml"
			got, err := contexts.InFile(path, []byte(tt.file))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("contexts (-want,+got):\n%s", diff)
			}
			several := ""
			if len(tt.want) > 1 {
				several = path + ": the file has values for several clusters, by the contexts " + percontext.Names(tt.want) + " [Context to choose one]"
			}
			says(t, contexts.RequireForMultiCluster(path, []byte(tt.file), ""), several)
			says(t, contexts.RequireForMultiCluster(path, []byte(tt.file), "any"), "")
		})
	}
}

func TestAFileThatCannotBeTaken(t *testing.T) {
	for data, want := range map[string]string{
		strings.Repeat("#", 16<<20+1): "the file is larger than 16384 KiB",
		"{":                           "this is not YAML: ",
	} {
		for _, call := range []func() error{
			func() error { _, err := contexts.InFile("f", []byte(data)); return err },
			func() error { return contexts.RequireForMultiCluster("f", []byte(data), "") },
		} {
			err := call()
			if err == nil || !strings.HasPrefix(err.Error(), "f: "+want) {
				t.Errorf("error %v, want %q", err, want)
			}
		}
		if err := contexts.RequireForMultiCluster("f", []byte(data), "given"); err != nil {
			t.Errorf("a file that need not be looked into: %v", err)
		}
	}
}

// The files that campaigns are written in have no values per cluster, however
// many lists of mappings are in them.
func TestCampaignFilesOfOthersNameNoContexts(t *testing.T) {
	shared := os.Getenv("VAST_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	found := 0
	err := filepath.WalkDir(filepath.Join(shared, "corpus"), func(path string, entry os.DirEntry, err error) error {
		if ext := filepath.Ext(path); err != nil || entry.IsDir() || ext != ".vast" && ext != ".yaml" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		names, err := contexts.InFile(path, data)
		found++
		if len(names) > 0 {
			t.Errorf("%s names %q", path, names)
		}
		return err
	})
	switch {
	case err != nil && os.Getenv("CI") != "true":
		t.Skipf("the corpus is missing (set VAST_SHARED): %v", err)
	case err != nil || found < 100:
		t.Errorf("%d files: %v", found, err)
	}
}
