package nodeimage

import (
	"reflect"
	"strings"
	"testing"
)

func TestNamesByProgram(t *testing.T) {
	got := namesByProgram([]string{
		"registry.k8s.io/kube-apiserver:v1.36.3", "registry.k8s.io/coredns/coredns:v1.14.0",
		"registry.k8s.io/pause:3.10.1", "registry.k8s.io/pause:3.10",
	})
	want := map[string][]string{
		"kube-apiserver": {"registry.k8s.io/kube-apiserver:v1.36.3"},
		"coredns":        {"registry.k8s.io/coredns/coredns:v1.14.0"},
		"pause":          {"registry.k8s.io/pause:3.10.1", "registry.k8s.io/pause:3.10"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

func TestSandboxImage(t *testing.T) {
	got, err := sandboxImage("[plugins]\n  # use fixed sandbox image\n  sandbox_image = \"registry.k8s.io/pause:3.10\"\n")
	if err != nil || got != "registry.k8s.io/pause:3.10" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := sandboxImage("[plugins]\n"); err == nil {
		t.Error("no error for a configuration without it")
	}
}

func TestEditSpec(t *testing.T) {
	got, err := editSpec([]byte(`{"process":{"cwd":"/","rlimits":[{"type":"RLIMIT_NOFILE"}]},"mask":18446744073709551615}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"18446744073709551615", `"cwd": "/"`} {
		if !strings.Contains(string(got), want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	if strings.Contains(string(got), "rlimits") {
		t.Errorf("limits are left in %s", got)
	}
	if _, err := editSpec([]byte(`{}`)); err == nil {
		t.Error("no error for a specification without a process")
	}
}

// The recipe has to be among the inputs, or a changed one would go unnoticed.
func TestRecipe(t *testing.T) {
	parts, err := recipeParts()
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(parts, "\n")
	for _, want := range []string{"files/default-storage.yaml", "files/kubevast-images.service", "files/patches/etcd.yaml", "layer.go"} {
		if !strings.Contains(all, want) {
			t.Errorf("%s is not an input", want)
		}
	}
}
