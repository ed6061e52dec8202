package run_test

import (
	"context"
	"iter"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/cli/clitest"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/cmdtest"
	"github.com/kubevast/vast/sdk/api"
)

// watched has a run with the events after a sequence number, of 4.
func watched(t *testing.T) *clitest.Client {
	c := client("finished")
	w := c.Workflow
	all := []api.WorkflowEventData{
		{Sequence: 1, Run: "aaaaaaaa", Phase: "running", Result: "unknown"},
		{Sequence: 2, Run: "aaaaaaaa", Phase: "running", Result: "unknown", Task: "a", Status: "notstarted", Attempt: 1, Scheduled: true},
		{Sequence: 3, Run: "aaaaaaaa", Phase: "running", Result: "unknown", Task: "a", Status: "failed", Attempt: 1, Scheduled: true, Cause: "Exit"},
		{Sequence: 4, Run: "aaaaaaaa", Phase: "finished", Result: "failed", Missed: 2},
	}
	w.OnEvents = func(_ context.Context, ref string, after int64) iter.Seq2[*api.WorkflowEvent, error] {
		if ref != "aaaaaaaa" {
			t.Errorf("the events are those of %q", ref)
		}
		return func(yield func(*api.WorkflowEvent, error) bool) {
			for _, d := range all[after:] {
				if !yield(&api.WorkflowEvent{Data: d}, nil) {
					return
				}
			}
		}
	}
	w.OnWatch = func(ctx context.Context, ref string) iter.Seq2[*api.WorkflowRun, error] {
		return func(yield func(*api.WorkflowRun, error) bool) { yield(w.OnGet(ctx, ref)) }
	}
	c.Workflow = w
	return c
}

func TestARunIsWatchedAsLinesOfItsEvents(t *testing.T) {
	r := cmdtest.Plugin(watched(t)).Do(t, "run", "watch")
	want := "run aaaaaaaa: running\na: starting\na: failed: Exit\nrun aaaaaaaa: finished, failed\n"
	if diff := cmp.Diff(want, r.Out); diff != "" || r.Code != 10 || !strings.Contains(r.Err, "2 events before number 4 are no longer recorded") {
		t.Errorf("run watch: %+v (-want +got):\n%s", r, diff)
	}
	r = cmdtest.Plugin(watched(t)).Do(t, "run", "watch", "nightly", "-o", "json", "--after=2")
	if n := strings.Count(r.Out, "\n"); n != 2 || !strings.Contains(r.Out, `"data":{"sequence":3,`) || r.Code != 10 {
		t.Errorf("run watch -o json --after=2: %+v", r)
	}
}

func TestARunIsDrawnOnATerminal(t *testing.T) {
	p := cmdtest.Plugin(watched(t))
	p.Terminal = true
	r := p.Do(t, "run", "watch")
	for _, want := range []string{"Run aaaaaaaa (nightly): finished, failed", "1 of 3 tasks ended, 1 failed", "a  failed", "b  skipped"} {
		if !strings.Contains(r.Out, want) {
			t.Errorf("the drawing has no %q:\n%s", want, r.Out)
		}
	}
	if r.Code != 10 {
		t.Errorf("run watch on a terminal: %+v", r)
	}
}

func TestADrawingOfManyTasksHasThoseThatAreAtWork(t *testing.T) {
	c := watched(t)
	w := c.Workflow
	w.OnWatch = func(context.Context, string) iter.Seq2[*api.WorkflowRun, error] {
		r := &api.WorkflowRun{ID: "aaaaaaaa", Phase: "finished", Result: "success", NumTasks: 1000}
		for i := range 1000 {
			task := api.WorkflowTask{Name: "t" + strings.Repeat("x", i%7), Status: "success"}
			if i == 700 {
				task = api.WorkflowTask{Name: "at-work", Status: "running"}
			}
			r.Tasks = append(r.Tasks, task)
		}
		return func(yield func(*api.WorkflowRun, error) bool) { yield(r, nil) }
	}
	c.Workflow = w
	p := cmdtest.Plugin(c)
	p.Terminal = true
	r := p.Do(t, "run", "watch")
	if n := strings.Count(r.Out, "\n"); n > 24 || !strings.Contains(r.Out, "at-work  ") || !strings.Contains(r.Out, "other tasks") {
		t.Errorf("the drawing has %d lines:\n%s", n, r.Out)
	}
}
