package workflow

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Rerun selects the tasks of a run that has ended which a new run executes again. Beside
// those, it executes all tasks that did not succeed, and all that depend on one of them. It
// keeps the others.
type Rerun struct {
	// FromStart executes all tasks.
	FromStart bool
	// Tasks are executed although they succeeded.
	Tasks []string
}

// RerunPlan is what a Rerun makes of a run.
type RerunPlan struct {
	// State is that of the new run at its start: it has the kept tasks, with TaskState.Kept
	// as the run that their results are of.
	State State
	// Why are the tasks that are executed again, each with the reason.
	Why map[string]string
}

// Plan returns what is kept of run, which has the state s, and what is executed again. A task
// that s keeps of an earlier run stays that of the earlier one.
func (r Rerun) Plan(w *Workflow, run string, s State) RerunPlan {
	why := map[string]string{}
	for i := range w.Tasks {
		name := w.Tasks[i].Name
		switch status := s.Tasks[name].Status; {
		case r.FromStart:
			why[name] = "from the start"
		case slices.Contains(r.Tasks, name):
			why[name] = "named"
		case status == StatusNotStarted:
			why[name] = "it did not start"
		case status != StatusSuccess:
			why[name] = "it was " + status.String()
			if status == StatusFailed {
				why[name] = "it failed"
			}
		}
	}
	dependents := map[string][]string{}
	for i := range w.Tasks {
		for _, d := range w.Tasks[i].Depends {
			dependents[d.Task] = append(dependents[d.Task], w.Tasks[i].Name)
		}
	}
	todo := slices.Sorted(maps.Keys(why))
	for len(todo) > 0 {
		name := todo[0]
		todo = todo[1:]
		for _, next := range dependents[name] {
			if why[next] == "" {
				why[next] = fmt.Sprintf("it depends on %s", name)
				todo = append(todo, next)
			}
		}
	}
	out := RerunPlan{Why: why, State: State{Version: StateVersion, Tasks: map[string]TaskState{}}}
	for i := range w.Tasks {
		name := w.Tasks[i].Name
		if why[name] != "" {
			continue
		}
		old := s.Tasks[name]
		kept := TaskState{Status: old.Status, Attempt: old.Attempt, Approved: old.Approved, Kept: old.Kept, Arch: old.Arch, Started: old.Started, Ended: old.Ended}
		if kept.Kept == "" {
			kept.Kept = run
		}
		out.State.Tasks[name] = kept
	}
	return out
}

// Unknown returns the names in Tasks that w does not have, quoted.
func (r Rerun) Unknown(w *Workflow) []string {
	var out []string
	for _, name := range r.Tasks {
		if !slices.ContainsFunc(w.Tasks, func(t Task) bool { return t.Name == name }) {
			out = append(out, fmt.Sprintf("%q", strings.TrimSpace(name)))
		}
	}
	return out
}
