package workflow

import (
	"maps"
	"slices"
	"time"
)

// Advance returns the state that follows from s and o, what is to be done, and
// what has changed. It changes none of its arguments. The result does not depend on
// the order of maps, and advancing the result with the same o again changes
// nothing and returns the same actions. A run with a final phase never changes.
//
// Each call records the requests and the attempts of o, decides until nothing more
// follows, and schedules tasks in the order of the file while there are slots.
func Advance(w *Workflow, s State, o Observed) (State, []Action, []Event) {
	if s.Phase.Final() {
		s.Tasks = maps.Clone(s.Tasks)
		return s, nil, nil
	}
	a := newStep(w, s)
	a.advance(o)
	return a.state(), a.actions(), a.events
}

// Wake returns the first time after now at which Advance decides something that no
// observation causes: a retry, or the stop of auxiliary tasks. It is zero if there
// is none.
func Wake(w *Workflow, s State, now time.Time) time.Time {
	if at := newStep(w, s).wake(now.Unix()); at != 0 {
		return time.Unix(at, 0)
	}
	return time.Time{}
}

// Equal reports whether the states are the same.
func (s State) Equal(other State) bool {
	return s.Version == other.Version && s.Phase == other.Phase && s.Result == other.Result &&
		s.Stop == other.Stop && s.StopAll == other.StopAll && s.Sequence == other.Sequence &&
		s.Started == other.Started && s.Ended == other.Ended && maps.Equal(s.Tasks, other.Tasks)
}

// step is a call of Advance, or several ones that follow each other.
type step struct {
	*graph
	w *Workflow
	// o is what the current call observes.
	o     Observed
	now   int64
	s     State
	tasks []TaskState
	// changes counts the changes of tasks and of the run.
	changes int
	events  []Event
}

func newStep(w *Workflow, s State) *step {
	a := &step{graph: newGraph(w), w: w, s: s, tasks: make([]TaskState, len(w.Tasks))}
	a.s.Version = StateVersion
	for name, ts := range s.Tasks {
		if i, ok := a.index[name]; ok {
			a.tasks[i] = ts
		}
	}
	return a
}

// advance changes the state as Advance describes. The phase is not final.
func (a *step) advance(o Observed) {
	a.o, a.now = o, 0
	if !o.Now.IsZero() {
		a.now = o.Now.Unix()
	}
	if a.s.Phase == PhaseQueued {
		switch {
		case o.Stop || o.StopAll || o.Cancel:
			a.cancel()
		case !o.Queued:
			a.s.Phase, a.s.Started = PhaseRunning, a.now
			a.runChanged()
		}
	}
	if a.s.Phase == PhaseRunning {
		a.observe()
		a.request()
		a.settle()
		a.schedule()
	}
}

// state returns the new state.
func (a *step) state() State {
	s := a.s
	s.Tasks = make(map[string]TaskState, len(a.s.Tasks))
	for i, ts := range a.tasks {
		if ts != (TaskState{}) {
			s.Tasks[a.w.Tasks[i].Name] = ts
		}
	}
	if len(s.Tasks) == 0 {
		s.Tasks = nil
	}
	return s
}

// actions returns what the state requires and what has not been observed yet.
func (a *step) actions() []Action {
	var out []Action
	for i := range a.tasks {
		switch ts := &a.tasks[i]; {
		case !ts.active():
		case ts.Stopping:
			out = append(out, Action{Kind: Stop, Task: a.w.Tasks[i].Name, Attempt: ts.Attempt})
		case !ts.Created:
			out = append(out, Action{Kind: Start, Task: a.w.Tasks[i].Name, Attempt: ts.Attempt})
		}
	}
	return out
}

// active reports whether an attempt is scheduled and has not ended.
func (ts *TaskState) active() bool { return ts.Scheduled && !ts.Status.Final() }

// set changes the state of a task, with an event if it is of interest.
func (a *step) set(i int, ts TaskState) {
	old := a.tasks[i]
	if ts == old {
		return
	}
	a.tasks[i] = ts
	a.changes++
	if ts.Status != old.Status || ts.Attempt != old.Attempt || ts.Scheduled != old.Scheduled ||
		ts.WaitingApproval != old.WaitingApproval || ts.Approved != old.Approved {
		a.event(Event{Type: TaskChanged, Task: a.w.Tasks[i].Name, State: &ts})
	}
}

func (a *step) runChanged() {
	a.changes++
	a.event(Event{Type: RunChanged})
}

func (a *step) event(e Event) {
	a.s.Sequence++
	e.Sequence, e.Time, e.Phase, e.Result = a.s.Sequence, a.now, a.s.Phase, a.s.Result
	a.events = append(a.events, e)
}

// cancel ends a run that is queued.
func (a *step) cancel() {
	a.s.Phase, a.s.Ended = PhaseCancelled, a.now
	for i, ts := range a.tasks {
		if !ts.Status.Final() {
			ts.Status = StatusCancelled
			a.set(i, ts)
		}
	}
	a.runChanged()
}

// request records that the run is to be stopped: what is active now is stopped.
// Tasks that are scheduled later are those that run after a stop.
func (a *step) request() {
	stop, all := a.s.Stop || a.o.Stop || a.o.StopAll, a.s.StopAll || a.o.StopAll
	if stop == a.s.Stop && all == a.s.StopAll {
		return
	}
	a.s.Stop, a.s.StopAll = stop, all
	a.changes++
	for i, ts := range a.tasks {
		if ts.active() {
			ts.Stopping = true
			a.set(i, ts)
		}
	}
}

// settle decides what follows from the state until nothing more does. One pass
// over the tasks is in the order of their dependencies; another one is needed only
// when the run's result, or that of the primary tasks, has changed.
func (a *step) settle() {
	for before := -1; before != a.changes && !a.s.Phase.Final(); {
		before = a.changes
		a.conclude()
		a.decide()
	}
}

// conclude sets the result and the phase of the run.
func (a *step) conclude() {
	failed, stopped, ended, saved := false, false, true, true
	for i := range a.tasks {
		ts := &a.tasks[i]
		// An attempt that was stopped on purpose does not fail the run, nor stop it.
		failed = failed || ts.Status == StatusFailed && !a.w.Tasks[i].IgnoreFailure && !ts.Stopping
		stopped = stopped || (ts.Status == StatusStopped || ts.Status == StatusCancelled && ts.Scheduled) && !ts.Stopping
		ended = ended && ts.Status.Final()
		saved = saved && !ts.Unsaved
	}
	before := a.s
	if a.s.Result == ResultUnknown {
		switch {
		case failed:
			a.s.Result = ResultFailed
		case ended && stopped:
			a.s.Result = ResultStopped
		case ended:
			// A success is an event of its own, before the end.
			a.s.Result = ResultSuccess
			a.runChanged()
			return
		case a.s.Stop:
			a.s.Result = ResultStopped
		}
	}
	if a.s.Result != ResultUnknown && ended && saved {
		a.s.Phase, a.s.Ended = PhaseFinished, a.now
	}
	if a.s.Phase != before.Phase || a.s.Result != before.Result {
		a.runChanged()
	}
}

// schedule starts tasks that can run, in the order of the file, while there are
// slots and their matrix has not reached its limit.
func (a *step) schedule() {
	if a.s.Phase != PhaseRunning {
		return
	}
	active, matrices := 0, map[string]int{}
	for i := range a.tasks {
		if a.tasks[i].active() {
			active++
			if m := a.w.Tasks[i].Matrix; m != "" {
				matrices[m]++
			}
		}
	}
	for i, ts := range a.tasks {
		if a.o.Slots > 0 && active >= a.o.Slots {
			return
		}
		t := &a.w.Tasks[i]
		if t.MaxParallel > 0 && matrices[t.Matrix] >= t.MaxParallel || ts.NotBefore > a.now || !a.ready(i) {
			continue
		}
		ts.Scheduled, ts.NotBefore, ts.Attempt = true, 0, max(ts.Attempt, 1)
		a.set(i, ts)
		active++
		if t.Matrix != "" {
			matrices[t.Matrix]++
		}
	}
}

// ready reports whether a task that has not started may.
func (a *step) ready(i int) bool {
	ts, t := &a.tasks[i], &a.w.Tasks[i]
	if ts.Status != StatusNotStarted || ts.Scheduled || t.Approval != nil && !ts.Approved {
		return false
	}
	ended, met := a.dependencies(i)
	return ended && met
}

// dependencies reports whether all tasks that a task depends on have ended and
// have their results saved, and whether all of its conditions are met.
func (a *step) dependencies(i int) (ended, met bool) {
	met = true
	for k, p := range a.parents[i] {
		parent := &a.tasks[p]
		if !parent.Status.Final() || parent.Unsaved {
			return false, false
		}
		met = met && a.w.Tasks[i].Depends[k].Conditions.Met(parent.Status)
	}
	return true, met
}

// primaries returns when the last of the tasks that are not auxiliary ended, and
// whether all have. Without any there is nothing that auxiliary tasks serve.
func (a *step) primaries() (ended int64, all bool) {
	for i := range a.tasks {
		if a.w.Tasks[i].Auxiliary {
			continue
		}
		if !a.tasks[i].Status.Final() {
			return 0, false
		}
		ended, all = max(ended, a.tasks[i].Ended), true
	}
	return ended, all
}

// afterStop reports whether a task runs although its run is being stopped: it
// depends on a task with OnStopped.
func (a *step) afterStop(i int) bool {
	return !a.s.StopAll && slices.ContainsFunc(a.w.Tasks[i].Depends, func(d Dependency) bool { return d.Conditions&OnStopped != 0 })
}
