package workflow

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// conformance is a case that was measured on Agola: a workflow that runs to its
// end, or until it waits.
type conformance struct {
	Name string
	In   struct {
		Tasks map[string]struct {
			Depends       map[string][]string
			Skip          bool
			IgnoreFailure bool `json:"ignore_failure"`
			NeedsApproval bool `json:"needs_approval"`
		}
		Outcome     map[string]string
		Slots       int
		Approve     []string `json:"approve_when_waiting"`
		StopAt      string   `json:"stop_when_started"`
		FinishOrder []string `json:"finish_order"`
	}
	outcome
}

// outcome is what came of a case.
type outcome struct {
	Phase  string            `json:"phase"`
	Result string            `json:"result"`
	Tasks  map[string]string `json:"tasks"`
	Events []string          `json:"events"`
}

func conformances(t *testing.T) []conformance {
	t.Helper()
	dir := os.Getenv("VAST_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	data, err := os.ReadFile(filepath.Join(dir, "conformance", "workflow.json"))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the cases are missing: %v", err)
		}
		t.Skipf("the cases are missing (set VAST_SHARED): %v", err)
	}
	var file struct{ Cases []conformance }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) < 26 {
		t.Fatalf("%d cases; there were 26", len(file.Cases))
	}
	return file.Cases
}

// workflow returns the workflow of a case, its tasks by name as in the file, and
// the conditions that do not exist.
func (c conformance) workflow() (w *Workflow, unknown []string) {
	w = &Workflow{Name: c.Name}
	for _, name := range sortedKeys(c.In.Tasks) {
		in := c.In.Tasks[name]
		task := Task{Name: name, Skip: in.Skip, IgnoreFailure: in.IgnoreFailure}
		if in.NeedsApproval {
			task.Approval = &Approval{}
		}
		for _, parent := range sortedKeys(in.Depends) {
			d := Dependency{Task: parent}
			for _, condition := range in.Depends[parent] {
				one, ok := ParseCondition(condition)
				if !ok {
					unknown = append(unknown, condition)
				}
				d.Conditions |= one
			}
			task.Depends = append(task.Depends, d)
		}
		w.Tasks = append(w.Tasks, task)
	}
	return w, unknown
}

func (c conformance) run(w *Workflow) outcome {
	as := Assumptions{Slots: c.In.Slots, Approve: c.In.Approve, StopAt: c.In.StopAt, Order: c.In.FinishOrder, Outcomes: map[string]Outcome{}}
	for task, status := range c.In.Outcome {
		var o Outcome
		if err := o.Status.UnmarshalText([]byte(status)); err != nil {
			panic(err)
		}
		as.Outcomes[task] = o
	}
	p := Plan(w, as)
	out := outcome{Phase: p.State.Phase.String(), Result: p.State.Result.String(), Tasks: map[string]string{}, Events: []string{}}
	for _, task := range w.Tasks {
		ts := p.State.Tasks[task.Name]
		out.Tasks[task.Name] = ts.Status.String()
		if ts.WaitingApproval {
			out.Tasks[task.Name] += "+waiting"
		}
	}
	for _, e := range p.Events {
		// The cases begin when the run is running.
		if text := e.Phase.String() + "/" + e.Result.String(); e.Type == RunChanged && text != "running/unknown" {
			out.Events = append(out.Events, text)
		}
	}
	return out
}

// changed are the cases that end differently on purpose.
var changed = map[string]struct {
	why string
	outcome
}{
	"nonroot-waiting-approval-holds-failed-run": {
		why: "a run that has failed does not wait for an approval for ever: the task is cancelled, unless on_failure is hold",
		outcome: outcome{
			Phase: "finished", Result: "failed", Events: []string{"running/failed", "finished/failed"},
			Tasks: map[string]string{"a": "failed", "p": "cancelled", "x": "success"},
		},
	},
	"empty-condition-list-is-string-empty": {
		why:     "an unknown condition is an error of the file, and not one that is never met",
		outcome: outcome{Phase: "setuperror", Result: "unknown"},
	},
}

func TestEachCaseOfAgolaEndsAsThere(t *testing.T) {
	for _, c := range conformances(t) {
		t.Run(c.Name, func(t *testing.T) {
			want := c.outcome
			if other, ok := changed[c.Name]; ok {
				if cmp.Diff(want, other.outcome) == "" {
					t.Error("the case is listed as changed, and is not")
				}
				want = other.outcome
			}
			w, unknown := c.workflow()
			got := outcome{Phase: PhaseSetupError.String(), Result: ResultUnknown.String()}
			if problems := Problems(w); len(problems) == 0 && len(unknown) == 0 {
				got = c.run(w)
			} else if len(problems) > 0 && want.Phase != got.Phase {
				t.Errorf("problems: %+v", problems)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestAHeldRunEndsAsInAgola(t *testing.T) {
	for _, c := range conformances(t) {
		w, unknown := c.workflow()
		if len(Problems(w))+len(unknown) > 0 {
			continue
		}
		w.OnFailure = HoldWaiting
		if diff := cmp.Diff(c.outcome, c.run(w)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", c.Name, diff)
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
