package manifest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/internal/rules"
)

// given are names that the launcher shares with the scripts on purpose, or that
// a shell of its own accord has in the environment.
var given = regexp.MustCompile(`^(_vast_.*|VAST_.*|SKYPILOT_.*|NODE_IPS|NODE_RANK|NUM_NODES|OUTPUT_DIR|HOME|PATH|PWD|OLDPWD|SHLVL|OPTIND|_)$`)

// What a script finds in its environment is what the user has put there,
// whatever words the launcher is written with.
func TestTheLaunchersWordsMayBeUsersVariables(t *testing.T) {
	words := regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*`).FindAllString(nodesLauncher, -1)
	words = slices.DeleteFunc(words, given.MatchString)
	words = append(words, "domain", "run", "shell", "setup", "code", "key", "i", "first", "tries", "mark", "child", "ending", "last",
		"tenths", "VAST_GRACE", "VAST_WORKDIR", "VAST_LINKS", "VAST_HOSTS", "OPTARG", "CDPATH", "ENV", "BASH_ENV", "TMOUT")
	slices.Sort(words)
	words = slices.Compact(words)
	inEachShell(t, func(t *testing.T, shell string) {
		var want []string
		cmd := launchedIn(t, shell, `env >"$HOME/of setup"`, `env | sort; sort "$HOME/of setup"`)
		for i, w := range words {
			value := fmt.Sprint(i + 1)
			cmd.Env = append(cmd.Env, w+"="+value)
			want = append(want, w+"="+value, w+"="+value)
		}
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for line := range strings.Lines(string(out)) {
			name, _, _ := strings.Cut(line, "=")
			if slices.Contains(words, name) {
				got = append(got, strings.TrimSpace(line))
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("environment (-want,+got):\n%s", diff)
		}
	})
}

// Nothing of the launcher's own comes into the environment.
func TestTheScriptsFindNoVariablesOfTheLauncher(t *testing.T) {
	inEachShell(t, func(t *testing.T, shell string) {
		cmd := launchedIn(t, shell, "", "env")
		names := func(text string) (out []string) {
			for line := range strings.Lines(text) {
				name, _, _ := strings.Cut(line, "=")
				if !slices.Contains([]string{"NODE_IPS", "SKYPILOT_NODE_IPS", "OLDPWD", "SHLVL", "_"}, name) {
					out = append(out, strings.TrimSpace(line))
				}
			}
			slices.Sort(out)
			return out
		}
		want := names(plainly(t, cmd, "env"))
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, names(string(out))); diff != "" {
			t.Errorf("environment, plainly and launched (-want,+got):\n%s", diff)
		}
	})
}

// The variables that we set for a task's scripts must be true.
func TestNoUserCanSetWhatIsSetOnNodes(t *testing.T) {
	objects, err := Build(input(t, "task.yaml", "run: x\nnum_nodes: 2"))
	if err != nil {
		t.Fatal(err)
	}
	free := []string{"MASTER_ADDR", "MASTER_PORT", "PYTHONUNBUFFERED", "OUTPUT_DIR"}
	for _, e := range objects.Job.Spec.Template.Spec.Containers[0].Env {
		if rules.ReservedVariable(e.Name) == "" != slices.Contains(free, e.Name) {
			t.Errorf("%s: reserved: %q", e.Name, rules.ReservedVariable(e.Name))
		}
	}
	for _, word := range regexp.MustCompile(`\b(VAST|SKYPILOT)_[A-Z_]+`).FindAllString(nodesLauncher, -1) {
		if rules.ReservedVariable(word) == "" {
			t.Errorf("%s is not reserved, and the launcher uses it", word)
		}
	}
}
