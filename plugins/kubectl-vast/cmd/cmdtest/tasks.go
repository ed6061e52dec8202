// Package cmdtest has test data and a runner for the tests of the commands of kubectl
// vast.
package cmdtest

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/clitest"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// Plugin returns a runner of kubectl vast with the client c.
func Plugin(c *clitest.Client) clitest.Run {
	return clitest.Run{Client: c, Plugin: cli.Plugin{Name: "kubectl-vast", Display: "kubectl vast"}, Build: cmd.New}
}

// Task returns a task of user alice.
func Task(id, name string, state api.State, reason string, age time.Duration) api.TaskStatus {
	return api.TaskStatus{
		TypeMeta: api.TypeMeta[api.TaskStatus](),
		ObjectMeta: metav1.ObjectMeta{
			Name: name + "-" + id, Namespace: "default", UID: types.UID(id),
			CreationTimestamp: clitest.Ago(age), Labels: map[string]string{"team": "a"},
		},
		ID: id, TaskName: name, User: "alice", State: state, Reason: reason, NumNodes: 1, Image: "busybox",
	}
}

// TwoTasks lists two tasks, the oldest first, as the SDK does.
func TwoTasks(context.Context, api.TaskListOptions) (*api.TaskStatusList, error) {
	return &api.TaskStatusList{
		TypeMeta: api.TypeMeta[api.TaskStatusList](),
		Items: []api.TaskStatus{
			Task("aaaaaaaa", "train", api.Failed, "node 0 out of memory (limit 512Mi)", 2*time.Hour),
			Task("bbbbbbbb", "eval", api.Succeeded, "done", 5*time.Minute),
		},
	}, nil
}

// TaskFile writes a task file and returns its path.
func TaskFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "task.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Submitting returns a client whose task ends as end, after two lines of log.
func Submitting(end *api.TaskStatus) *clitest.Client {
	return &clitest.Client{Task: clitest.Tasks{
		OnSubmit: func(_ context.Context, t *spec.Task, _ api.SubmitOptions) (*api.TaskStatus, error) {
			s := Task("aaaaaaaa", t.Name, api.Pending, "", 0)
			return &s, nil
		},
		OnLogs: func(_ context.Context, _ string, o api.LogOptions, sink api.LogSink) error {
			o.Notify("waiting for a machine")
			for _, text := range []string{"one\n", "two\n"} {
				if err := sink(api.LogLine{Text: []byte(text)}); err != nil {
					return err
				}
			}
			if end.State == api.Succeeded {
				return nil
			}
			return &api.TaskFailedError{Task: end}
		},
		OnGet: func(context.Context, string) (*api.TaskStatus, error) { return end, nil },
		OnWait: func(context.Context, string, api.WaitOptions) (*api.TaskStatus, error) {
			if end.State == api.Succeeded {
				return end, nil
			}
			return nil, &api.TaskFailedError{Task: end}
		},
	}}
}

// QueuedTask returns a queued task, modified by change.
func QueuedTask(id string, position int, change func(*api.QueuedTask)) api.QueuedTask {
	t := api.QueuedTask{TypeMeta: api.TypeMeta[api.QueuedTask](),
		ObjectMeta: metav1.ObjectMeta{Name: "job-" + id, Namespace: "default"},
		ID:         id, TaskName: "train", User: "alice", Owner: "Job/train-" + id, Queue: "vast", ClusterQueue: "big",
		Position: position, QueuePosition: 1, Requests: map[string]string{"cpu": "4", "memory": "8Gi"},
		Since: clitest.Ago(12 * time.Minute), Reason: "waits for 2 CPU of 8; first in line needs 4"}
	if change != nil {
		change(&t)
	}
	return t
}

// Main is the TestMain of a package with commands of kubectl vast.
func Main(m *testing.M) {
	clitest.Main(m, cli.Plugin{Name: "kubectl-vast", Display: "kubectl vast"}, cmd.New)
}
