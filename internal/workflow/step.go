package workflow

// step is a call of Advance, or several ones that follow each other.
type step struct {
	*graph
	w *Workflow
	// o is what the current call observes.
	o   Observed
	now int64
	// s is the state of the run; that of its tasks is in tasks.
	s      State
	tasks  []TaskState
	events []Event

	// sum counts tasks, and matrices the active ones by matrix.
	sum struct {
		// open tasks are not final; primary ones are open and not auxiliary.
		open, primary int
		// failed and stopped tasks count for the result of the run.
		failed, stopped int
		unsaved, active int
		auxiliary       int
	}
	matrices map[string]int
	// lastEnded is when the last task ended that is not auxiliary.
	lastEnded int64
	// active tasks have an attempt that is scheduled and has not ended. Ready tasks
	// could be scheduled.
	active, ready []bool
	readyCount    int
	// dirty are the ranks of tasks that decide has to look at. They are from
	// dirtyFrom to dirtyTo-1.
	dirty              []bool
	dirtyFrom, dirtyTo int
	// newest is for observe.
	newest []int
}

func newStep(w *Workflow, s State) *step {
	n := len(w.Tasks)
	a := &step{
		graph: newGraph(w), w: w, s: s, tasks: make([]TaskState, n), matrices: map[string]int{},
		active: make([]bool, n), ready: make([]bool, n), dirty: make([]bool, n), newest: make([]int, n),
	}
	a.s.Version = StateVersion
	for i := range w.Tasks {
		a.tasks[i] = s.Tasks[w.Tasks[i].Name]
		if w.Tasks[i].Auxiliary {
			a.sum.auxiliary++
		}
		a.count(i, 1)
	}
	a.allDirty()
	return a
}

// settled reports whether a task has ended and has its results saved.
func (ts *TaskState) settled() bool { return ts.Status.Final() && !ts.Unsaved }

// set changes the state of a task, with an event if it is of interest.
func (a *step) set(i int, ts TaskState) {
	old := a.tasks[i]
	if ts == old {
		return
	}
	a.count(i, -1)
	a.tasks[i] = ts
	a.count(i, 1)
	switch {
	case ts.settled() && !old.settled():
		for _, c := range a.children[i] {
			a.touch(c)
		}
		if a.sum.auxiliary > 0 && a.sum.primary == 0 && !a.w.Tasks[i].Auxiliary {
			a.allDirty()
		}
	case ts.Status == StatusNotStarted && !ts.Scheduled:
		a.touch(i)
	}
	if a.ready[i] && (ts.Scheduled || ts.Status.Final()) {
		a.setReady(i, false)
	}
	if ts.Status != old.Status || ts.Attempt != old.Attempt || ts.Scheduled != old.Scheduled ||
		ts.WaitingApproval != old.WaitingApproval || ts.Approved != old.Approved {
		a.event(Event{Type: TaskChanged, Task: a.w.Tasks[i].Name, State: &ts})
	}
}

// count adds a task to the sums, or removes it.
func (a *step) count(i, by int) {
	ts, t := &a.tasks[i], &a.w.Tasks[i]
	if final := ts.Status.Final(); !final {
		a.sum.open += by
		if !t.Auxiliary {
			a.sum.primary += by
		}
		if ts.Scheduled {
			a.sum.active += by
			a.active[i] = by > 0
			if t.Matrix != "" {
				a.matrices[t.Matrix] += by
			}
		}
	} else if !t.Auxiliary {
		a.lastEnded = max(a.lastEnded, ts.Ended)
	}
	// An attempt that was stopped on purpose neither fails the run nor stops it.
	if !ts.Stopping {
		switch {
		case ts.Status == StatusFailed && !t.IgnoreFailure:
			a.sum.failed += by
		case ts.Status == StatusStopped, ts.Status == StatusCancelled && ts.Scheduled:
			a.sum.stopped += by
		}
	}
	if ts.Unsaved {
		a.sum.unsaved += by
	}
}

// served reports whether all tasks have ended that auxiliary tasks serve.
func (a *step) served() bool { return a.sum.primary == 0 && a.sum.auxiliary < len(a.tasks) }

func (a *step) setReady(i int, ready bool) {
	if a.ready[i] != ready {
		a.ready[i] = ready
		if a.readyCount--; ready {
			a.readyCount += 2
		}
	}
}

// touch has decide look at a task.
func (a *step) touch(i int) {
	rank := a.rank[i]
	if a.anyDirty() {
		a.dirtyFrom, a.dirtyTo = min(a.dirtyFrom, rank), max(a.dirtyTo, rank+1)
	} else {
		a.dirtyFrom, a.dirtyTo = rank, rank+1
	}
	a.dirty[rank] = true
}

func (a *step) anyDirty() bool { return a.dirtyFrom < a.dirtyTo }

func (a *step) allDirty() {
	for i := range a.dirty {
		a.dirty[i] = true
	}
	a.dirtyFrom, a.dirtyTo = 0, len(a.dirty)
}

// runChanged notes a change of the run's phase or result, which many decisions
// depend on.
func (a *step) runChanged() {
	a.allDirty()
	a.event(Event{Type: RunChanged})
}

func (a *step) event(e Event) {
	a.s.Sequence++
	e.Sequence, e.Time, e.Phase, e.Result = a.s.Sequence, a.now, a.s.Phase, a.s.Result
	a.events = append(a.events, e)
}
