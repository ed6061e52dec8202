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
		case !a.active[i]:
		case ts.Stopping:
			out = append(out, Action{Kind: Stop, Task: a.w.Tasks[i].Name, Attempt: ts.Attempt})
		case !ts.Created:
			out = append(out, Action{Kind: Start, Task: a.w.Tasks[i].Name, Attempt: ts.Attempt})
		}
	}
	return out
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
	a.allDirty()
	for i, ts := range a.tasks {
		if a.active[i] {
			ts.Stopping = true
			a.set(i, ts)
		}
	}
}

// settle decides what follows from the state until nothing more does. One pass
// over the tasks is in the order of their dependencies; another one is needed only
// when the run's result, or that of the primary tasks, has changed.
func (a *step) settle() {
	for {
		for a.conclude() {
		}
		if a.s.Phase.Final() || !a.anyDirty() {
			return
		}
		a.decide()
	}
}

// conclude sets the result and the phase of the run, and reports whether it did.
func (a *step) conclude() bool {
	phase, result := a.s.Phase, a.s.Result
	ended := a.sum.open == 0
	switch {
	case result != ResultUnknown:
	case a.sum.failed > 0:
		a.s.Result = ResultFailed
	case ended && a.sum.stopped > 0:
		a.s.Result = ResultStopped
	case ended:
		// A success is an event of its own, before the end.
		a.s.Result = ResultSuccess
		a.runChanged()
		return true
	case a.s.Stop:
		a.s.Result = ResultStopped
	}
	if a.s.Result != ResultUnknown && ended && a.sum.unsaved == 0 {
		a.s.Phase, a.s.Ended = PhaseFinished, a.now
	}
	if a.s.Phase == phase && a.s.Result == result {
		return false
	}
	a.runChanged()
	return !a.s.Phase.Final()
}

// schedule starts tasks that can run, in the order of the file, while there are
// slots and their matrix has not reached its limit.
func (a *step) schedule() {
	if a.s.Phase != PhaseRunning {
		return
	}
	for i := 0; i < len(a.tasks) && a.readyCount > 0; i++ {
		if a.o.Slots > 0 && a.sum.active >= a.o.Slots {
			return
		}
		ts, t := a.tasks[i], &a.w.Tasks[i]
		if !a.ready[i] || ts.NotBefore > a.now || t.MaxParallel > 0 && a.matrices[t.Matrix] >= t.MaxParallel {
			continue
		}
		ts.Scheduled, ts.NotBefore, ts.Attempt = true, 0, max(ts.Attempt, 1)
		a.set(i, ts)
	}
}

// dependencies reports whether all tasks that a task depends on have ended and
// have their results saved, and whether all of its conditions are met.
func (a *step) dependencies(i int) (ended, met bool) {
	met = true
	for k, p := range a.parents[i] {
		parent := &a.tasks[p]
		if !parent.settled() {
			return false, false
		}
		met = met && a.w.Tasks[i].Depends[k].Conditions.Met(parent.Status)
	}
	return true, met
}

// afterStop reports whether a task runs although its run is being stopped: it
// depends on a task with OnStopped.
func (a *step) afterStop(i int) bool {
	return !a.s.StopAll && slices.ContainsFunc(a.w.Tasks[i].Depends, func(d Dependency) bool { return d.Conditions&OnStopped != 0 })
}
