package task_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/kubevast/vast/internal/cli/clitest"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/cmdtest"
	"github.com/kubevast/vast/sdk/api"
)

// What `list -o name` prints is taken by the commands that show one task, too.
func TestStatusAndWaitTakeSeveralTasks(t *testing.T) {
	tasks := map[string]api.TaskStatus{
		"task.kubevast.io/a": cmdtest.Task("aaaaaaaa", "a", api.Succeeded, "", time.Hour),
		"task.kubevast.io/b": cmdtest.Task("bbbbbbbb", "b", api.Failed, "node 0 exited with 3", time.Hour),
	}
	c := &clitest.Client{Task: clitest.Tasks{
		OnGet: func(_ context.Context, ref string) (*api.TaskStatus, error) {
			s, ok := tasks[ref]
			if !ok {
				return nil, &api.NotFoundError{Kind: "task", Name: ref}
			}
			return &s, nil
		},
		OnWait: func(_ context.Context, ref string, _ api.WaitOptions) (*api.TaskStatus, error) {
			s := tasks[ref]
			if s.State == api.Failed {
				return nil, &api.TaskFailedError{Task: &s}
			}
			return &s, nil
		},
	}}
	a, b := "task.kubevast.io/a", "task.kubevast.io/b"
	r := cmdtest.Plugin(c).Do(t, "status", a, "gone", b, "-o", "jsonpath={.items[*].id}")
	if r.Code != 3 || r.Out != "aaaaaaaa bbbbbbbb" || !strings.Contains(r.Err, `task "gone" not found`) {
		t.Errorf("status -o jsonpath: %+v", r)
	}
	if r = cmdtest.Plugin(c).Do(t, "status", a, b, "-o", "name"); r.Code != 0 || len(strings.Fields(r.Out)) != 2 {
		t.Errorf("status -o name: %+v", r)
	}
	if r = cmdtest.Plugin(c).Do(t, "status", a, b); r.Code != 0 || strings.Count(r.Out, "How to go on:") != 2 {
		t.Errorf("status: %+v", r)
	}
	if r = cmdtest.Plugin(c).Do(t, "wait", b, a); r.Code != 10 || !strings.HasSuffix(r.Out, " succeeded\n") || !strings.Contains(r.Err, "Task bbbbbbbb failed") {
		t.Errorf("wait: %+v", r)
	}
}

func TestStatus(t *testing.T) {
	s := cmdtest.Task("aaaaaaaa", "train", api.Failed, "node 1 failed", time.Hour)
	code := int32(137)
	s.NumNodes, s.Resources = 2, api.NodeResources{CPU: "2", Memory: "512Mi"}
	s.Diagnosis = &api.Diagnosis{Message: "node 1 out of memory (limit 512Mi)", Hint: "Ask for more\x1b[2J memory"}
	s.Nodes = []api.NodeStatus{{Rank: 0, State: api.NodeEnded}, {Rank: 1, State: api.NodeFailed, Pod: "p1", KubernetesNode: "m1", ExitCode: &code, Reason: "OOMKilled"}}
	s.Events = []api.Event{{Time: clitest.Ago(time.Minute), Type: "Warning", Reason: "Killed", Object: "pod/p1", Message: "a\nb", Count: 3}}
	c := &clitest.Client{Task: clitest.Tasks{OnGet: func(context.Context, string) (*api.TaskStatus, error) { return &s, nil }}}
	r := cmdtest.Plugin(c).Do(t, "status", "a")
	for _, want := range []string{
		"Reason:      node 1 out of memory (limit 512Mi)\n",
		"Hint:        Ask for more\\x1b[2J memory\n",
		"Per node:    2 CPU, 512Mi memory\n",
		"  1      Failed   137    -          m1        p1    OOMKilled\n",
		"  60s (x3)   Warning   Killed   pod/p1   a b\n",
		"kubectl vast logs aaaaaaaa ",
		"kubectl vast delete aaaaaaaa ",
	} {
		if !strings.Contains(r.Out, want) {
			t.Errorf("lacks %q:\n%s", want, r.Out)
		}
	}
	if r := cmdtest.Plugin(c).Do(t, "status", "a", "-o", "jsonpath={.diagnosis.message}"); r.Out != s.Diagnosis.Message {
		t.Errorf("jsonpath: %+v", r)
	}
}
