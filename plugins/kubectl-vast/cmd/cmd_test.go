package cmd_test

import (
	"strings"
	"testing"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/clitest"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/cmdtest"
)

func TestWrongUsage(t *testing.T) {
	file := cmdtest.TaskFile(t, "run: echo hi\n")
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"unknown command":      {[]string{"sbmit"}, `unknown command "sbmit" for "kubectl vast"; did you mean: submit`},
		"unknown sub command":  {[]string{"auth", "logn"}, `did you mean: login`},
		"unknown flag":         {[]string{"list", "--foo"}, "unknown flag: --foo; see 'kubectl vast list --help'"},
		"no file":              {[]string{"submit"}, "a task file is missing"},
		"stdin twice":          {[]string{"submit", "-", "-f", "-"}, "only once"},
		"detach and wait":      {[]string{"submit", file, "-d", "--wait"}, "exclude each other"},
		"no nodes":             {[]string{"submit", file, "--num-nodes=0"}, "at least 1"},
		"dry run of what":      {[]string{"submit", file, "--dry-run=maybe"}, `must be "none", "client" or "server"`},
		"file that is missing": {[]string{"submit", "nowhere.yaml"}, "nowhere.yaml: no such file"},
		"request id for two":   {[]string{"submit", file, file, "--request-id=x"}, "single task"},
		"format":               {[]string{"list", "-o", "table"}, `"table"`},
		"state":                {[]string{"list", "--state=done"}, "one of Queued, Pending, Running, Succeeded, Rejected, Failed, Stopped"},
		"state to wait for":    {[]string{"wait", "x", "--for=done"}, `or "end"`},
		"no id":                {[]string{"logs"}, "the id of a task is missing: kubectl vast logs ID"},
		"two ids":              {[]string{"logs", "a", "b"}, `unexpected argument "b"`},
		"ids and all":          {[]string{"stop", "a", "--all"}, "not both"},
		"neither":              {[]string{"delete"}, "--all"},
		"name":                 {[]string{"auth", "login", " x"}, "cannot be a name"},
		"tail":                 {[]string{"logs", "x", "--tail=-2"}, "-1 or more"},
	} {
		t.Run(name, func(t *testing.T) {
			r := cmdtest.Plugin(&clitest.Client{}).Do(t, tc.args...)
			if r.Code != cli.CodeUsage || r.Out != "" {
				t.Errorf("code %d, stdout %q", r.Code, r.Out)
			}
			if !strings.Contains(r.Err, tc.want) || !strings.HasPrefix(r.Err, "error: ") || strings.Count(r.Err, "\n") != 1 {
				t.Errorf("stderr %q, want one line with %q", r.Err, tc.want)
			}
		})
	}
}

func TestNoKubeconfig(t *testing.T) {
	r := cmdtest.Plugin(nil).Do(t, "list")
	if r.Code != cli.CodeUsage || !strings.Contains(r.Err, "no kubeconfig found") {
		t.Errorf("code %d, stderr %q", r.Code, r.Err)
	}
}

func TestCompletionOfIDs(t *testing.T) {
	c := &clitest.Client{Task: clitest.Tasks{OnList: cmdtest.TwoTasks}}
	r := cmdtest.Plugin(c).Do(t, "__complete", "stop", "aaaaaaaa", "")
	if want := "bbbbbbbb\teval Succeeded\n:4\n"; r.Out != want {
		t.Errorf("got %q, want %q", r.Out, want)
	}
	if r := cmdtest.Plugin(c).Do(t, "__complete", "list", "--state", "Fa"); !strings.Contains(r.Out, "Failed\n") {
		t.Errorf("states: %+v", r)
	}
}

func TestHelpNamesThePluginAsItIsTyped(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"submit", "--help"}, {"auth", "--help"}, {"options"}, {"help", "logs"}} {
		r := cmdtest.Plugin(nil).Do(t, args...)
		if r.Code != 0 || r.Out == "" || r.Err != "" || strings.Contains(r.Out, "kubectl-vast ") {
			t.Errorf("%v: code %d, stderr %q, stdout:\n%s", args, r.Code, r.Err, r.Out)
		}
	}
	if r := cmdtest.Plugin(nil).Do(t, "--help"); !strings.Contains(r.Out, cli.ExitStatus) {
		t.Error("the root help lacks the exit codes")
	}
}
