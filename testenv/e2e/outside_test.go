package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// outside builds the example of package sdk as a program of a module of its own,
// in which ours is replaced. What the variable MORE has stands
// before its task.
func outside(t *testing.T) string {
	t.Helper()
	repository, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile(filepath.Join(repository, "sdk", "example_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("package sdk_test", "package main", "func Example()", "func main()").Replace(string(example))
	sums, err := os.ReadFile(filepath.Join(repository, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string]string{
		"main.go": text,
		"go.sum":  string(sums),
		"go.mod": "module example.com/outside\n\ngo 1.26.0\n\nrequire github.com/kubevast/vast v0.0.0\n\n" +
			"replace github.com/kubevast/vast => " + repository + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-mod=mod", "-o", "program", ".")
	build.Dir = dir
	build.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	return filepath.Join(dir, "program")
}

func TestTheExampleRunsInAModuleOfItsOwn(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	kubeconfig, err := os.ReadFile(p.kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	mine := p.file("kubeconfig", string(kubeconfig))
	if out, err := exec.CommandContext(t.Context(), cluster.Kubectl(), "--kubeconfig", mine, "config", "set-context", "--current", "--namespace", p.namespace).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	program := outside(t)
	run := func(more string) (string, string, error) {
		p.file("hello.yaml", more+"name: hello\nrun: echo hello from $NODE_RANK\n")
		var stdout, stderr strings.Builder
		cmd := exec.CommandContext(t.Context(), program)
		cmd.Dir, cmd.Stdout, cmd.Stderr = p.dir, &stdout, &stderr
		cmd.Env = append(withoutOurs(os.Environ()), "KUBECONFIG="+mine)
		err := cmd.Run()
		return stdout.String(), stderr.String(), err
	}
	t.Run("it says which option it needs, and makes nothing", func(t *testing.T) {
		before := p.objects()
		out, stderr, err := run("workdir: .\n")
		if err == nil || out != "" || !strings.Contains(stderr, "AgentImage: this build belongs to no release") {
			t.Errorf("%v: %q\n%s", err, out, stderr)
		}
		if diff := cmp.Diff(before, p.objects()); diff != "" {
			t.Errorf("objects (-before,+after):\n%s", diff)
		}
	})
	t.Run("and where it needs none it runs", func(t *testing.T) {
		out, stderr, err := run("")
		if err != nil || !strings.HasPrefix(out, "submitted ") || !strings.HasSuffix(out, "\nhello from 0\n") {
			t.Errorf("%v: %q\n%s", err, out, stderr)
		}
	})
}
