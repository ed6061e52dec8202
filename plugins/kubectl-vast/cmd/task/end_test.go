package task_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/cli/clitest"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/cmdtest"
	"github.com/kubevast/vast/sdk/api"
)

func TestStopAndDelete(t *testing.T) {
	var asked api.TaskListOptions
	c := &clitest.Client{Task: clitest.Tasks{
		OnList: func(ctx context.Context, o api.TaskListOptions) (*api.TaskStatusList, error) {
			asked = o
			return cmdtest.TwoTasks(ctx, o)
		},
		OnStop: func(_ context.Context, ref string, _ api.TaskStopOptions) (*api.TaskStatus, error) {
			s := cmdtest.Task("aaaaaaaa", ref, api.Stopped, "", 0)
			switch ref {
			case "gone":
				return nil, &api.NotFoundError{Kind: "task", Name: ref}
			case "done":
				s.State = api.Succeeded
			}
			return &s, nil
		},
		OnDelete: func(_ context.Context, ref string, o api.TaskDeleteOptions) (*api.TaskStatus, error) {
			if !o.Wait {
				return nil, errors.New("wait is missing")
			}
			s := cmdtest.Task("aaaaaaaa", ref, api.Failed, "", 0)
			return &s, nil
		},
	}}
	for name, tc := range map[string]struct {
		args     []string
		stdin    string
		terminal bool
		code     int
		out, err string
	}{
		"several": {args: []string{"stop", "x", "gone", "done"}, code: 3,
			out: "task.kubevast.io/x-aaaaaaaa stopped\ntask.kubevast.io/done-aaaaaaaa had already succeeded\n", err: "error: task \"gone\" not found\n"},
		"ignored":     {args: []string{"stop", "gone", "--ignore-not-found"}},
		"dry run":     {args: []string{"stop", "x", "--dry-run=server"}, out: "task.kubevast.io/x-aaaaaaaa stopped (server dry run)\n"},
		"name":        {args: []string{"stop", "x", "-o", "name"}, out: "task.kubevast.io/x-aaaaaaaa\n"},
		"no terminal": {args: []string{"stop", "--all"}, code: 2, err: "add --yes"},
		"declined":    {args: []string{"stop", "--all"}, terminal: true, stdin: "n\n", err: "Stop 2 tasks (train-aaaaaaaa, eval-bbbbbbbb)? [y/N] Canceled"},
		"affirmed": {args: []string{"delete", "--all", "--wait"}, terminal: true, stdin: "y\n",
			out: "task.kubevast.io/train-aaaaaaaa-aaaaaaaa deleted\ntask.kubevast.io/eval-bbbbbbbb-aaaaaaaa deleted\n"},
		"yes": {args: []string{"delete", "--all", "--wait", "-y", "-o", "jsonpath={.id}"}, out: "aaaaaaaaaaaaaaaa"},
	} {
		t.Run(name, func(t *testing.T) {
			run := cmdtest.Plugin(c)
			run.Stdin, run.Terminal = tc.stdin, tc.terminal
			r := run.Do(t, tc.args...)
			if r.Code != tc.code || r.Out != tc.out || !strings.Contains(r.Err, tc.err) {
				t.Errorf("code %d, stdout %q, stderr %q", r.Code, r.Out, r.Err)
			}
			if !strings.Contains(r.Err, "namespace default\n") {
				t.Errorf("stderr %q does not name the target", r.Err)
			}
		})
	}
	cmdtest.Plugin(c).Do(t, "stop", "--all", "-y")
	if diff := cmp.Diff([]api.State{api.Queued, api.Pending, api.Running}, asked.States); diff != "" || asked.AllUsers || asked.AllNamespaces {
		t.Errorf("stop --all asked for %+v", asked)
	}
}
