package plugins

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubevast/vast/internal/cli"
	vast "github.com/kubevast/vast/plugins/kubectl-vast/cmd"
	vastvol "github.com/kubevast/vast/plugins/kubectl-vastvol/cmd"
)

// run runs a plugin that has no cluster, and returns its exit code and what it
// says.
func run(t *testing.T, plugin string, args ...string) (int, string, string) {
	t.Helper()
	t.Setenv("KUBECONFIG", t.TempDir()+"/none")
	var out, errOut bytes.Buffer
	f := cli.NewFactory(cli.Plugin{Name: "kubectl-" + plugin, Display: "kubectl " + plugin},
		genericiooptions.IOStreams{In: strings.NewReader(""), Out: &out, ErrOut: &errOut})
	build := map[string]func(*cli.Factory) *cobra.Command{"vast": vast.New, "vastvol": vastvol.New}[plugin]
	code := cli.Execute(t.Context(), f, build(f), args)
	return code, out.String(), errOut.String()
}

var quoted = regexp.MustCompile("`(kubectl[^`]*)`")

func TestWordsOfOtherProgramsLeadToCommandsThatThereAre(t *testing.T) {
	all, seen := trees(), 0
	var look func(plugin string, path []string, c *cobra.Command)
	look = func(plugin string, path []string, c *cobra.Command) {
		for _, next := range c.Commands() {
			at := append(append([]string{}, path...), next.Name())
			look(plugin, at, next)
			if !next.Hidden || strings.HasPrefix(next.Name(), "__") {
				continue
			}
			seen++
			for _, more := range [][]string{nil, {"x", "--unknown=1", "-n", "lab"}} {
				code, out, said := run(t, plugin, append(append([]string{}, at...), more...)...)
				if code != cli.CodeUsage || out != "" || strings.Count(said, "\n") != 1 || !strings.HasPrefix(said, "error: there is no command") {
					t.Errorf("%s: code %d, stdout %q, stderr %q", strings.Join(at, " "), code, out, said)
				}
				for _, line := range quoted.FindAllStringSubmatch(said, -1) {
					for _, wrong := range check(all, "`"+line[1]+"`") {
						t.Errorf("%s: %s", strings.Join(at, " "), wrong)
					}
					if more != nil && strings.Contains(line[1], "kubectl vast") && !strings.Contains(line[1], "-n lab") {
						t.Errorf("%s: %q does not lead to the namespace", strings.Join(at, " "), line[1])
					}
				}
			}
		}
	}
	for plugin, root := range all {
		look(plugin, nil, root)
	}
	if seen < 50 {
		t.Errorf("only %d were found", seen)
	}
}

func TestWhatUsersOfOtherProgramsType(t *testing.T) {
	for line, want := range map[string]string{
		"vast launch":                           "a task file is missing",
		"vast get campaigns":                    "kubectl vast campaign list",
		"vast get task abc":                     "kubectl vast status abc",
		"vast get abc":                          "kubectl vast status abc",
		"vast down abc":                         "`kubectl vast stop abc`",
		"vast apply -f t.yaml":                  "kubectl vast submit",
		"vast exec abc":                         "kubectl exec -it POD -- sh",
		"vast campaign delete x":                "`kubectl vast campaign cleanup x`",
		"vast campaign logs x -n lab":           "`kubectl vast logs x/CONFIG/RUN -n lab`",
		"vast campaign wait x":                  "`kubectl vast monitor x --wait`",
		"vast list --namspace x":                "did you mean --namespace?",
		"vast list --all-namespace":             "did you mean --all-namespaces?",
		"vast campaign rerun x --faild":         "did you mean --failed?",
		"vast submit t.yaml --num-node=2":       "did you mean --num-nodes?",
		"vast lst":                              "did you mean: list",
		"vast campaign stauts":                  "did you mean: status",
		"vastvol lsit":                          "did you mean: list",
		"vast lauch t.yaml --gpus=8":            "did you mean: launch",
		"vast edit":                             `unknown command "edit" for "kubectl vast"` + "\n",
		"vast list --all":                       "did you mean --all-namespaces or --all-users?",
		"vast submit --yes":                     "unknown flag: --yes; see",
		"vastvol create a 1Gi --storageclass=x": "did you mean --storage-class?",
		"vast list --zzzzzzzzzz":                "unknown flag: --zzzzzzzzzz; see 'kubectl vast list --help'",
	} {
		words := strings.Fields(line)
		code, out, said := run(t, words[0], words[1:]...)
		if code != cli.CodeUsage || out != "" || !strings.Contains(said, want) || strings.Count(said, "\n") != 1 {
			t.Errorf("%s: code %d, stdout %q, stderr %q lacks %q", line, code, out, said, want)
		}
	}
	if code, out, _ := run(t, "vast", "down", "--help"); code != 0 || !strings.Contains(out, "kubectl vast stop ID") {
		t.Errorf("help: code %d, %q", code, out)
	}
	if _, out, _ := run(t, "vast", "--help"); strings.Contains(out, "down") {
		t.Errorf("the help lists what is not there: %s", out)
	}
	if _, out, _ := run(t, "vast", "__complete", "do"); !strings.Contains(out, "doctor") || strings.Contains(out, "down") {
		t.Errorf("completion: %s", out)
	}
}

func TestFilesOfOneFlagAreSeparatedByCommasAsForKubectl(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"a.yaml": "name: a\nrun: echo a\n", "b.yaml": "name: b\nrun: echo b\n",
		"v.yaml": "name: v\ntype: k8s-pvc\nsize: 1Gi\n", "w.yaml": "name: w\ntype: k8s-pvc\nsize: 1Gi\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for line, want := range map[string]int{
		"vast submit -f a.yaml,b.yaml -f a.yaml --dry-run=client -o name": 3,
		"vastvol create -f v.yaml,w.yaml --dry-run=client -o name":        2,
	} {
		words := strings.Fields(line)
		if code, out, said := run(t, words[0], words[1:]...); code != 0 || strings.Count(out, "\n") != want {
			t.Errorf("%s: code %d, stdout %q, stderr %q", line, code, out, said)
		}
	}
}
