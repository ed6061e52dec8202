package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
)

// exampleOutput is what the last command of each example's header prints.
var exampleOutput = map[string][]string{
	"minimal.yaml":          {"hello from node 0 of 1\n", "Python 3."},
	"multi-node.yaml":       {"node-0 | node 0: the ranks add up to 3\n", "node-1 | node 1: the ranks add up to 3\n", "node-2 | node 2: the ranks add up to 3\n"},
	"setup.yaml":            {"hello, world\n"},
	"envs-and-secrets.yaml": {"model tiny, epoch 5 of 5\n", "the token has 11 characters\n"},
	"dataset-volume.yaml":   {"volume.kubevast.io/dataset created\n"},
	"volume.yaml":           {"2 runs so far\n"},
	"workflow.yaml":         {"train-large: success\n", "deploy: skipped", "report: success\n", ": finished, success\n"},
	"pipeline.yaml":         {"train: success\n", "eval: success\n", ": finished, success\n"},
	"sweep.yaml":            {"sweep: success\n", "evaluate: success\n", "share: skipped", ": finished, success\n"},
	"per-cluster.yaml":      {"cpu: 100m", "memory: 64Mi"},
	"growth.vast":           {"succeeded, 10/10 done, 10 succeeded"},
	"gpu.yaml":              {"task.kubevast.io/gpu-", "submitted (server dry run)"},
}

// Every example runs with the command of its header.
func TestExamplesRunAsTheirHeadersSay(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.env = append(p.env, "API_TOKEN=e2e-example", "VAST_CONFIG_DIR="+p.dir)
	p.dir = repository()
	files, err := filepath.Glob(filepath.Join(repository(), "examples", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no examples: %v", err)
	}
	// Parallel subtests start when this loop is over; the volume, which one of
	// them mounts, is made before.
	for _, file := range files {
		name := filepath.Base(file)
		if info, err := os.Stat(file); err == nil && info.IsDir() {
			continue // what a campaign brings along
		}
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(name, "-volume.") {
				t.Parallel()
			}
			want, known := exampleOutput[name]
			if !known {
				t.Fatal("nobody knows what this example prints")
			}
			p := *p
			p.TB = t
			if strings.HasSuffix(name, ".vast") || name == "sweep.yaml" { // it needs a store
				p.namespace = newNamespace(t)
				p.vast("cluster", "setup", "kind").exits(0)
			}
			if name == "per-cluster.yaml" { // it names the context
				p.kubeconfig = calledKindVast(t)
			}
			commands := headerCommands(t, file)
			if len(commands) == 0 {
				t.Fatal("its header does not say how it is run")
			}
			for i, command := range commands {
				if name == "gpu.yaml" { // there are no GPUs here
					command = append(command, "--dry-run=server")
				}
				plugin := "kubectl-" + command[1]
				r := p.start(plugin, nil, command[2:]...).wait().exits(0)
				if i == len(commands)-1 {
					r.shows(want...)
				}
			}
		})
	}
	for name := range exampleOutput {
		if _, err := os.Stat(filepath.Join(repository(), "examples", name)); err != nil {
			t.Errorf("the example %s is gone: %v", name, err)
		}
	}
}

// headerCommands are the indented commands of the comment that a file begins
// with.
func headerCommands(t testing.TB, file string) [][]string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for line := range strings.Lines(string(data)) {
		if !strings.HasPrefix(line, "#") {
			break
		}
		if command, ok := strings.CutPrefix(line, "#   kubectl "); ok {
			out = append(out, append([]string{"kubectl"}, strings.Fields(command)...))
		}
	}
	return out
}

// calledKindVast is the cluster's kubeconfig with the context's usual name,
// whatever cluster it is.
func calledKindVast(t testing.TB) string {
	t.Helper()
	c, err := clientcmd.LoadFromFile(cluster.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	c.Contexts["kind-vast"] = c.Contexts[c.CurrentContext]
	return writeKubeconfig(t, c)
}
