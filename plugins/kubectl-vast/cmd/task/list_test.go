package task_test

import (
	"context"
	"encoding/json"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/cli/clitest"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/cmdtest"
	"github.com/kubevast/vast/sdk/api"
)

func TestList(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"newest first": {nil, `
ID         NAME    STATE       NODES   AGE    REASON
bbbbbbbb   eval    Succeeded   1       5m     
aaaaaaaa   train   Failed      1       120m   node 0 out of memory (limit 512Mi)
`},
		"all users and namespaces": {[]string{"-A", "--all-users", "--no-headers"}, `
default   bbbbbbbb   eval    Succeeded   1     5m     alice   
default   aaaaaaaa   train   Failed      1     120m   alice   node 0 out of memory (limit 512Mi)
`},
		"by column":   {[]string{"--sort-by=ID", "-o", "custom-columns=ID:.id", "--no-headers"}, "\naaaaaaaa\nbbbbbbbb\n"},
		"by jsonpath": {[]string{"--sort-by={.taskName}", "-o", "name"}, "\ntask.kubevast.io/eval-bbbbbbbb\ntask.kubevast.io/train-aaaaaaaa\n"},
		"by age":      {[]string{"--sort-by=age", "-o", "jsonpath={.items[*].id}"}, "\nbbbbbbbb aaaaaaaa"},
		"labels": {[]string{"--show-labels", "-L", "team"}, `
ID         NAME    STATE       NODES   AGE    REASON                               TEAM   LABELS
bbbbbbbb   eval    Succeeded   1       5m                                          a      team=a
aaaaaaaa   train   Failed      1       120m   node 0 out of memory (limit 512Mi)   a      team=a
`},
	} {
		t.Run(name, func(t *testing.T) {
			r := cmdtest.Plugin(&clitest.Client{Task: clitest.Tasks{OnList: cmdtest.TwoTasks}}).Do(t, append([]string{"list"}, tc.args...)...)
			if r.Code != 0 || r.Err != "" {
				t.Errorf("code %d, stderr %q", r.Code, r.Err)
			}
			if diff := cmp.Diff(tc.want, "\n"+r.Out); diff != "" {
				t.Errorf("(-want,+got):\n%s", diff)
			}
		})
	}
}

func TestListAsksForWhatTheFlagsSay(t *testing.T) {
	var got api.TaskListOptions
	c := &clitest.Client{Task: clitest.Tasks{OnList: func(_ context.Context, o api.TaskListOptions) (*api.TaskStatusList, error) {
		got = o
		return &api.TaskStatusList{TypeMeta: api.TypeMeta[api.TaskStatusList]()}, nil
	}}}
	r := cmdtest.Plugin(c).Do(t, "list", "--all-users", "-l", "a=b", "--state=running,FAILED")
	want := api.TaskListOptions{AllUsers: true, LabelSelector: "a=b", States: []api.State{api.Running, api.Failed}}
	if diff := cmp.Diff(want, got); diff != "" || r.Code != 0 {
		t.Errorf("code %d (-want,+got):\n%s", r.Code, diff)
	}
	if want := "No tasks found in default namespace.\n"; r.Err != want || r.Out != "" {
		t.Errorf("stdout %q, stderr %q, want %q", r.Out, r.Err, want)
	}
	r = cmdtest.Plugin(c).Do(t, "list", "-o", "json")
	var list api.TaskStatusList
	if err := json.Unmarshal([]byte(r.Out), &list); err != nil || r.Err != "" {
		t.Errorf("an empty list as JSON: %v, stderr %q", err, r.Err)
	}
}

func TestWatchPrintsWhatChanged(t *testing.T) {
	running := cmdtest.Task("bbbbbbbb", "eval", api.Running, "", 5*time.Minute)
	again := running
	again.ResourceVersion = "7"
	c := &clitest.Client{Task: clitest.Tasks{OnList: cmdtest.TwoTasks, OnWatch: func(context.Context, api.TaskListOptions) iter.Seq2[*api.TaskStatus, error] {
		return func(yield func(*api.TaskStatus, error) bool) {
			list, _ := cmdtest.TwoTasks(t.Context(), api.TaskListOptions{})
			_ = yield(&list.Items[0], nil) && yield(&running, nil) && yield(&again, nil)
		}
	}}}
	r := cmdtest.Plugin(c).Do(t, "list", "-w", "-o", "name")
	want := "task.kubevast.io/eval-bbbbbbbb\ntask.kubevast.io/train-aaaaaaaa\ntask.kubevast.io/eval-bbbbbbbb\n"
	if diff := cmp.Diff(want, r.Out); diff != "" {
		t.Errorf("(-want,+got):\n%s%s", diff, r.Err)
	}
	r = cmdtest.Plugin(c).Do(t, "list", "-w")
	if got := strings.Count(r.Out, "\n"); got != 4 || strings.Count(r.Out, "NAME") != 1 {
		t.Errorf("got:\n%s", r.Out)
	}
}
