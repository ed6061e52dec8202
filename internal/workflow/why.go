package workflow

import (
	"fmt"
	"slices"

	"github.com/kubevast/vast/internal/text"
)

// Why returns in words why a task has not run, or what it waits for: "a failed;
// requires on_success". It is "" for tasks that run, or that have run.
func Why(w *Workflow, s State, task string) string {
	i := slices.IndexFunc(w.Tasks, func(t Task) bool { return t.Name == task })
	if i < 0 {
		return ""
	}
	return newStep(w, s).why(i)
}

// Reasons returns Why of all tasks that have a reason.
func Reasons(w *Workflow, s State) map[string]string {
	a, out := newStep(w, s), map[string]string{}
	for i := range a.tasks {
		if why := a.why(i); why != "" {
			out[w.Tasks[i].Name] = why
		}
	}
	return out
}

func (a *step) why(i int) string {
	ts, t := &a.tasks[i], &a.w.Tasks[i]
	switch ts.Status {
	case StatusSkipped:
		if t.Skip {
			return "its condition \"when\" is false"
		}
		if ended, met := a.dependencies(i); ended && !met {
			return a.unmet(i)
		}
		return "the run is stopped"
	case StatusCancelled:
		switch {
		case ts.Scheduled:
			return "stopped before it started"
		case a.s.Phase == PhaseCancelled:
			return "the run is cancelled"
		case t.Auxiliary:
			return "the tasks it serves have ended"
		}
		return "the run has failed"
	case StatusFailed:
		return ts.Cause
	case StatusNotStarted:
		return a.waits(i)
	}
	return ""
}

// unmet returns the first dependency of a task that is not met.
func (a *step) unmet(i int) string {
	for k, p := range a.parents[i] {
		d := &a.w.Tasks[i].Depends[k]
		if status := a.tasks[p].Status; !d.Conditions.Met(status) {
			return fmt.Sprintf("%s %s; requires %s", d.Task, past(status), text.Or(d.Conditions.Names()))
		}
	}
	return ""
}

// past returns the status as a predicate.
func past(s Status) string {
	switch s {
	case StatusSuccess:
		return "succeeded"
	case StatusFailed:
		return "failed"
	}
	return "was " + s.String()
}

// waits returns what a task waits for that has not started.
func (a *step) waits(i int) string {
	ts, t := &a.tasks[i], &a.w.Tasks[i]
	var open []string
	for _, p := range a.parents[i] {
		if parent := &a.tasks[p]; !parent.Status.Final() || parent.Unsaved {
			open = append(open, a.w.Tasks[p].Name)
		}
	}
	switch {
	case ts.WaitingApproval:
		return "waits for " + text.Count(max(t.Approval.Required, 1), "approval")
	case len(open) > 0:
		return "waits for " + text.First(open, 3)
	case ts.Scheduled:
		return ""
	case ts.NotBefore > a.now && ts.Attempt > 1:
		return fmt.Sprintf("attempt %d follows", ts.Attempt)
	}
	return "waits for other tasks to end"
}
