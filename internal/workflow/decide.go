package workflow

// decide looks once, in the order of their dependencies, at the tasks for which
// something may have changed.
func (a *step) decide() {
	// Looking at a task makes only tasks behind it dirty, or itself.
	for a.anyDirty() {
		rank := a.dirtyFrom
		a.dirtyFrom++
		if !a.dirty[rank] {
			continue
		}
		a.dirty[rank] = false
		i := a.order[rank]
		ts, t := a.tasks[i], &a.w.Tasks[i]
		unneeded := t.Auxiliary && a.served()
		switch {
		case ts.Status.Final():
		case ts.Scheduled:
			if unneeded && !ts.Stopping && a.now >= after(a.lastEnded, t.TerminationDelay) {
				ts.Stopping = true
				a.set(i, ts)
			}
		default:
			next, ready := a.notStarted(i, ts, unneeded)
			a.set(i, next)
			a.setReady(i, ready)
		}
	}
}

// notStarted returns the state of a task that has not started, or whose next
// attempt has not, and whether it is ready to.
func (a *step) notStarted(i int, ts TaskState, unneeded bool) (next TaskState, ready bool) {
	t := &a.w.Tasks[i]
	hold := a.w.OnFailure == HoldWaiting
	switch {
	case t.Skip:
		return ts.never(StatusSkipped), false
	case a.s.Stop && !a.afterStop(i):
		return ts.never(StatusSkipped), false
	case unneeded:
		return ts.never(StatusCancelled), false
	case a.s.Result == ResultFailed && len(a.parents[i]) == 0 && ts.Attempt == 0 && !(hold && t.Approval != nil):
		// A branch that has begun continues after a failure elsewhere; one that has
		// not begun does not.
		return ts.never(StatusCancelled), false
	}
	ended, met := a.dependencies(i)
	switch {
	case !ended:
		return ts, false
	case !met:
		return ts.never(StatusSkipped), false
	case t.Approval == nil || ts.Approved:
		return ts, true
	}
	votes := a.o.Approvals[t.Name]
	switch {
	case votes.Rejected:
		ts.Status, ts.Cause, ts.Ended = StatusFailed, CauseRejected, a.now
		ts.WaitingApproval = false
	case votes.Approvals >= max(t.Approval.Required, 1):
		ts.Approved, ts.WaitingApproval = true, false
		return ts, true
	case a.s.Stop:
		return ts.never(StatusSkipped), false
	case a.s.Result == ResultFailed && !hold:
		return ts.never(StatusCancelled), false
	default:
		ts.WaitingApproval = true
	}
	return ts, false
}

// never returns the state of a task that will not start. If earlier attempts have
// failed, and another one was to follow, the task has failed.
func (ts TaskState) never(status Status) TaskState {
	if ts.Attempt > 0 {
		status = StatusFailed
		ts.Attempt--
		ts.Stopping = true
	}
	ts.Status, ts.WaitingApproval, ts.NotBefore = status, false, 0
	return ts
}
