package task_test

import (
	"context"
	"testing"
	"time"

	"github.com/kubevast/vast/internal/cli/clitest"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/cmdtest"
	"github.com/kubevast/vast/sdk/api"
)

func TestLogsAndWait(t *testing.T) {
	ended := cmdtest.Task("aaaaaaaa", "train", api.Failed, "node 0 exited with 3", 0)
	c := cmdtest.Submitting(&ended)
	if r := cmdtest.Plugin(c).Do(t, "logs", "a", "-f"); r.Code != 10 || r.Out != "one\ntwo\n" {
		t.Errorf("logs -f: %+v", r)
	}
	if r := cmdtest.Plugin(c).Do(t, "logs", "a", "--node=1"); r.Code != 2 {
		t.Errorf("logs of a node that is not there: %+v", r)
	}
	if r := cmdtest.Plugin(c).Do(t, "wait", "a"); r.Code != 10 || r.Err != "Task aaaaaaaa failed: node 0 exited with 3\n  See more with: kubectl vast status aaaaaaaa\n" {
		t.Errorf("wait: %+v", r)
	}
	c.Task.OnWait = func(_ context.Context, _ string, o api.WaitOptions) (*api.TaskStatus, error) {
		if o.For != api.Running || o.Timeout != time.Second {
			t.Errorf("waits for %+v", o)
		}
		return nil, &api.TimedOutError{After: o.Timeout}
	}
	if r := cmdtest.Plugin(c).Do(t, "wait", "a", "--for=running", "--timeout=1s"); r.Code != 7 {
		t.Errorf("wait: %+v", r)
	}
}

func TestLogsOfATaskThatCouldNotStartSayWhy(t *testing.T) {
	s := cmdtest.Task("aaaaaaaa", "train", api.Failed, "node 0 could not start", 0)
	c := &clitest.Client{Task: clitest.Tasks{
		OnGet:  func(context.Context, string) (*api.TaskStatus, error) { return &s, nil },
		OnLogs: func(context.Context, string, api.LogOptions, api.LogSink) error { return nil },
	}}
	const want = "There is no log. Task aaaaaaaa is Failed: node 0 could not start; see: kubectl vast status aaaaaaaa\n"
	if r := cmdtest.Plugin(c).Do(t, "logs", "a"); r.Out != "" || r.Err != want {
		t.Errorf("%+v", r)
	}
}
