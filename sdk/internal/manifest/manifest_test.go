package manifest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/kubevast/vast/sdk/spec"
)

var update = flag.Bool("update", false, "write the golden files anew")

// input is what the golden files are made with, of a task file's text.
func input(t *testing.T, name, text string) Input {
	t.Helper()
	f, err := spec.Parse(name, []byte(text), spec.Inputs{})
	if err != nil {
		t.Fatal(err)
	}
	in := Input{Task: f.Tasks[0], ID: "x7k2m9qa", Namespace: "lab", User: "ada@example.com", Identity: "0123", TTL: time.Hour}
	for _, v := range in.Task.Volumes {
		in.Mounts = append(in.Mounts, Mount{Path: v.Path, SubPath: v.SubPath, Claim: v.Volume, Ephemeral: v.Ephemeral})
	}
	return in
}

func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			objects, err := Build(input(t, file, string(text)))
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "testdata/"+name+".golden", objects)
		})
	}
	t.Run("restricted", func(t *testing.T) {
		in := input(t, "restricted", "run: id")
		in.Profile, in.Deadline = Restricted, time.Minute
		objects, err := Build(in)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "testdata/restricted.golden", objects)
	})
}

// golden compares objects with a file. The launcher is in every object; the
// golden files only name it.
func golden(t *testing.T, file string, objects *Objects) {
	t.Helper()
	for _, w := range objects.Warnings {
		if strings.TrimSpace(w) == "" {
			t.Error("an empty warning")
		}
	}
	var parts []string
	for _, obj := range objects.All() {
		parts = append(parts, asYAML(t, obj))
	}
	got := strings.Join(append(parts, objects.Warnings...), "---\n") + "\n"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want,+got), go test -update writes it anew:\n%s", file, diff)
	}
}

func asYAML(t *testing.T, obj runtime.Object) string {
	t.Helper()
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		t.Fatal(err)
	}
	text, err := yaml.Marshal(shorten(fields))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func shorten(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = shorten(v[k])
		}
	case []any:
		for i := range v {
			v[i] = shorten(v[i])
		}
	case string:
		if v == literal(launcher) || v == literal(nodesLauncher) {
			return "(the launcher)"
		}
	}
	return v
}
