package workflow

// decide passes once over the tasks that have not started, in the order of their
// dependencies, and stops auxiliary tasks that are no longer needed.
func (a *step) decide() {
	if a.s.Phase != PhaseRunning {
		return
	}
	ended, all := a.primaries()
	for _, i := range a.order {
		ts, t := a.tasks[i], &a.w.Tasks[i]
		unneeded := t.Auxiliary && all
		switch {
		case ts.Status.Final():
		case ts.Scheduled:
			if unneeded && !ts.Stopping && a.now >= after(ended, t.TerminationDelay) {
				ts.Stopping = true
				a.set(i, ts)
			}
		default:
			a.set(i, a.notStarted(i, ts, unneeded))
		}
	}
}

// notStarted returns the state of a task that has not started, or whose next
// attempt has not.
func (a *step) notStarted(i int, ts TaskState, unneeded bool) TaskState {
	t := &a.w.Tasks[i]
	hold := a.w.OnFailure == HoldWaiting
	switch {
	case t.Skip:
		return ts.never(StatusSkipped)
	case a.s.Stop && !a.afterStop(i):
		return ts.never(StatusSkipped)
	case unneeded:
		return ts.never(StatusCancelled)
	case a.s.Result == ResultFailed && len(a.parents[i]) == 0 && ts.Attempt == 0 && !(hold && t.Approval != nil):
		// A branch that has begun continues after a failure elsewhere; one that has
		// not begun does not.
		return ts.never(StatusCancelled)
	}
	ended, met := a.dependencies(i)
	switch {
	case !ended:
		return ts
	case !met:
		return ts.never(StatusSkipped)
	case t.Approval == nil || ts.Approved:
		return ts
	}
	votes := a.o.Approvals[t.Name]
	switch {
	case votes.Rejected:
		ts.Status, ts.Cause, ts.Ended = StatusFailed, CauseRejected, a.now
		ts.WaitingApproval = false
	case votes.Approvals >= max(t.Approval.Required, 1):
		ts.Approved, ts.WaitingApproval = true, false
	case a.s.Stop:
		return ts.never(StatusSkipped)
	case a.s.Result == ResultFailed && !hold:
		return ts.never(StatusCancelled)
	default:
		ts.WaitingApproval = true
	}
	return ts
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
