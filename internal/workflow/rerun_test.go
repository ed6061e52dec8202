package workflow_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/workflow"
)

// The tables of Agola's re-creation of runs, and chosen tasks.
func TestARerunKeepsWhatSucceededAndDoesNotDependOnWhatIsRerun(t *testing.T) {
	dep := func(names ...string) (out []workflow.Dependency) {
		for _, name := range names {
			out = append(out, workflow.Dependency{Task: name})
		}
		return out
	}
	w := &workflow.Workflow{Tasks: []workflow.Task{{Name: "t1"}, {Name: "t2", Depends: dep("t1")}, {Name: "t3"}, {Name: "t4"}, {Name: "t5", Depends: dep("t3", "t4")}}}
	ok := func(failed ...string) workflow.State {
		s := workflow.State{Phase: workflow.PhaseFinished, Tasks: map[string]workflow.TaskState{}}
		for i := range w.Tasks {
			s.Tasks[w.Tasks[i].Name] = workflow.TaskState{Status: workflow.StatusSuccess, Attempt: 2, Scheduled: true, Created: true}
		}
		for _, name := range failed {
			s.Tasks[name] = workflow.TaskState{Status: workflow.StatusFailed, Attempt: 1}
		}
		return s
	}
	for name, c := range map[string]struct {
		rerun workflow.Rerun
		state workflow.State
		want  map[string]string
	}{
		"from the start":      {workflow.Rerun{FromStart: true}, ok("t1"), map[string]string{"t1": "from the start", "t2": "from the start", "t3": "from the start", "t4": "from the start", "t5": "from the start"}},
		"nothing has started": {workflow.Rerun{}, workflow.State{}, map[string]string{"t1": "it did not start", "t2": "it did not start", "t3": "it did not start", "t4": "it did not start", "t5": "it did not start"}},
		"t1 failed":           {workflow.Rerun{}, ok("t1"), map[string]string{"t1": "it failed", "t2": "it depends on t1"}},
		"t4 is named":         {workflow.Rerun{Tasks: []string{"t4"}}, ok(), map[string]string{"t4": "named", "t5": "it depends on t4"}},
		"t3 is named and t1 failed": {workflow.Rerun{Tasks: []string{"t3"}}, ok("t1"),
			map[string]string{"t1": "it failed", "t2": "it depends on t1", "t3": "named", "t5": "it depends on t3"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := c.rerun.Plan(w, "first", c.state)
			if diff := cmp.Diff(c.want, p.Why); diff != "" {
				t.Errorf("rerun (-want +got):\n%s", diff)
			}
			for i := range w.Tasks {
				name := w.Tasks[i].Name
				kept, is := p.State.Tasks[name]
				if is == (p.Why[name] != "") {
					t.Errorf("task %s is kept: %v, rerun: %q", name, is, p.Why[name])
				}
				if is && (kept.Kept != "first" || kept.Attempt != 2 || kept.Status != workflow.StatusSuccess) {
					t.Errorf("task %s is kept as %+v", name, kept)
				}
			}
		})
	}
}

func TestARerunOfARerunKeepsTheResultsOfTheFirstRun(t *testing.T) {
	w := &workflow.Workflow{Tasks: []workflow.Task{{Name: "a"}, {Name: "b", Depends: []workflow.Dependency{{Task: "a"}}}}}
	s := workflow.State{Tasks: map[string]workflow.TaskState{"a": {Status: workflow.StatusSuccess, Attempt: 1, Kept: "first"}, "b": {Status: workflow.StatusFailed, Attempt: 1}}}
	p := workflow.Rerun{}.Plan(w, "second", s)
	if kept := p.State.Tasks["a"]; kept.Kept != "first" {
		t.Errorf("a is kept of %q", kept.Kept)
	}
	// The new run starts with b alone.
	state, actions, _ := workflow.Advance(w, p.State, workflow.Observed{})
	if diff := cmp.Diff([]workflow.Action{{Kind: workflow.Start, Task: "b", Attempt: 1}}, actions); diff != "" {
		t.Errorf("actions (-want +got):\n%s", diff)
	}
	state, actions, _ = workflow.Advance(w, state, workflow.Observed{Tasks: map[workflow.Attempt]workflow.Seen{
		{Task: "b", Number: 1}: {Status: workflow.StatusSuccess, Saved: true}}})
	if len(actions) > 0 || state.Phase != workflow.PhaseFinished || state.Result != workflow.ResultSuccess {
		t.Errorf("the run is %s, %s; actions %v; tasks %v", state.Phase, state.Result, actions, slices.Sorted(maps.Keys(state.Tasks)))
	}
}
