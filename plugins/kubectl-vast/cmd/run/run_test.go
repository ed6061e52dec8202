package run_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/cli/clitest"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/cmdtest"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/sdktest"
)

// client has one run: a has failed, b was skipped, c has not started.
func client(phase string) *clitest.Client {
	run := func(context.Context, string) (*api.WorkflowRun, error) {
		return &api.WorkflowRun{TypeMeta: api.TypeMeta[api.WorkflowRun](), ID: "aaaaaaaa", WorkflowName: "nightly", Phase: phase, Result: "failed", NumTasks: 3, Failed: 1, Tasks: []api.WorkflowTask{
			{Name: "a", Status: "failed", Cause: "Exit", Reason: "Exit", Attempt: 1, TaskID: "bbbbbbbb", Job: "aaaaaaaa-a-a1", Arch: "arm64"},
			{Name: "b", Status: "skipped"}, {Name: "c", Status: "notstarted"},
		}}, nil
	}
	return &clitest.Client{Workflow: sdktest.Workflows{OnGet: run,
		OnStop: func(ctx context.Context, ref string, _ api.TaskStopOptions) (*api.WorkflowRun, error) {
			return run(ctx, ref)
		}}}
}

func TestTheStatusOfARunHasTheCommandsThatExplainItsFailure(t *testing.T) {
	r := cmdtest.Plugin(client("finished")).Do(t, "run", "status", "aaaaaaaa")
	for _, want := range []string{"kubectl vast status bbbbbbbb", "why a failed", "kubectl vast run logs aaaaaaaa a", "kubectl vast run delete aaaaaaaa"} {
		if !strings.Contains(r.Out, want) {
			t.Errorf("run status has no %q:\n%s", want, r.Out)
		}
	}
	if r.Code != 0 || strings.Contains(r.Out, "run stop") {
		t.Errorf("run status: %+v", r)
	}
	if r = cmdtest.Plugin(client("running")).Do(t, "run", "status", "aaaaaaaa"); !strings.Contains(r.Out, "kubectl vast run stop aaaaaaaa") {
		t.Errorf("run status of one that runs: %+v", r)
	}
	if r = cmdtest.Plugin(client("finished")).Do(t, "run", "status", "aaaaaaaa", "-o", "wide"); !strings.Contains(r.Out, "arm64") {
		t.Errorf("run status -o wide: %+v", r)
	}
}

func TestLogsOfATaskThatHasNotExecutedAreNotFound(t *testing.T) {
	for task, want := range map[string]string{"b": `logs of task "b" not found: it was skipped`, "c": `logs of task "c" not found: it has not started`} {
		if r := cmdtest.Plugin(client("running")).Do(t, "run", "logs", "aaaaaaaa", task); r.Code != 3 || !strings.Contains(r.Err, want+"\n") {
			t.Errorf("run logs of %s: %+v", task, r)
		}
	}
}

func TestAStopOfAnEndedRunIsReportedAsThat(t *testing.T) {
	for phase, want := range map[string]string{"running": " is being stopped\n", "finished": " had already ended\n"} {
		if r := cmdtest.Plugin(client(phase)).Do(t, "run", "stop", "aaaaaaaa"); r.Code != 0 || !strings.HasSuffix(r.Out, want) {
			t.Errorf("run stop of a run that is %s: %+v", phase, r)
		}
	}
}

func TestTheHistoryHasItsNextPageAndIsRebuiltOnRequest(t *testing.T) {
	var asked []api.WorkflowHistoryOptions
	var rebuilt []api.DryRun
	c := &clitest.Client{Workflow: sdktest.Workflows{
		OnHistory: func(_ context.Context, o api.WorkflowHistoryOptions) (*api.WorkflowRunList, error) {
			asked = append(asked, o)
			list := &api.WorkflowRunList{TypeMeta: api.TypeMeta[api.WorkflowRunList](), Items: []api.WorkflowRun{
				{TypeMeta: api.TypeMeta[api.WorkflowRun](), ID: "aaaaaaaa", WorkflowName: "nightly", Phase: "finished", Result: "failed", NumTasks: 2, Succeeded: 1, Failed: 1}}}
			list.Continue = "aaaaaaaa"
			return list, nil
		},
		OnRebuildHistory: func(_ context.Context, d api.DryRun) (int, error) { rebuilt = append(rebuilt, d); return 3, nil },
	}}
	r := cmdtest.Plugin(c).Do(t, "run", "history", "--user=ann", "--workflow=nightly", "--phase=finished", "--result=failed", "--before=2026-01-01T00:00:00Z", "--limit=1")
	if r.Code != 0 || !strings.Contains(r.Out, "aaaaaaaa   nightly") || !strings.Contains(r.Err, "--before=aaaaaaaa") {
		t.Errorf("run history: %+v", r)
	}
	want := []api.WorkflowHistoryOptions{{User: "ann", WorkflowName: "nightly", Phase: "finished", Result: "failed", Before: "2026-01-01T00:00:00Z", Limit: 1}}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("the options (-want +got):\n%s", diff)
	}
	if r = cmdtest.Plugin(c).Do(t, "run", "history", "-o", "json"); r.Code != 0 || !strings.Contains(r.Out, `"continue": "aaaaaaaa"`) || strings.Contains(r.Err, "--before") {
		t.Errorf("run history -o json: %+v", r)
	}
	for _, args := range [][]string{{"--limit=0"}, {"--phase=ended"}, {"--result=bad"}, {"--all-users", "--user=ann"}, {"--dry-run=client"}, {"--rebuild", "--user=ann"}, {"--rebuild", "-o", "json"}} {
		if r := cmdtest.Plugin(c).Do(t, append([]string{"run", "history"}, args...)...); r.Code != 2 {
			t.Errorf("run history %q: %+v", args, r)
		}
	}
	if r = cmdtest.Plugin(c).Do(t, "run", "history", "--rebuild"); r.Code != 0 || r.Out != "history rebuilt: 3 runs\n" {
		t.Errorf("run history --rebuild: %+v", r)
	}
	if r = cmdtest.Plugin(c).Do(t, "run", "history", "--rebuild", "--dry-run=client"); r.Code != 0 || !strings.Contains(r.Out, "dry run") {
		t.Errorf("run history --rebuild --dry-run=client: %+v", r)
	}
	if diff := cmp.Diff([]api.DryRun{api.DryRunNone, api.DryRunClient}, rebuilt); diff != "" {
		t.Errorf("the rebuilds (-want +got):\n%s", diff)
	}
}
