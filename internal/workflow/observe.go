package workflow

import (
	"slices"
	"time"
)

// observe records what is observed of attempts. Of each task only the newest
// attempt counts, and only if it is not older than the current one.
func (a *step) observe() {
	if len(a.o.Tasks) == 0 {
		return
	}
	found := make([]int, 0, len(a.o.Tasks))
	for at := range a.o.Tasks {
		if i, ok := a.index[at.Task]; ok && at.Number > 0 {
			if a.newest[i] == 0 {
				found = append(found, i)
			}
			a.newest[i] = max(a.newest[i], at.Number)
		}
	}
	slices.Sort(found)
	for _, i := range found {
		if n := a.newest[i]; n >= a.tasks[i].Attempt {
			a.set(i, a.seen(i, n, a.o.Tasks[Attempt{Task: a.w.Tasks[i].Name, Number: n}]))
		}
		a.newest[i] = 0
	}
}

// seen returns the state of a task after an observation of its attempt n, which is
// the current one or a newer one: an older state may have been restored.
func (a *step) seen(i, n int, seen Seen) TaskState {
	ts := a.tasks[i]
	if ts.Status.Final() {
		// Only that the results are saved can follow.
		if ts.Unsaved && n == ts.Attempt && seen.Status.Final() && seen.Saved {
			ts.Unsaved = false
		}
		return ts
	}
	if seen.Gone {
		switch {
		case n != ts.Attempt || !ts.Created:
			return ts
		case !ts.Stopping:
			seen = Seen{Status: StatusFailed, Cause: CauseDeleted}
		case ts.Status == StatusRunning:
			seen = Seen{Status: StatusStopped}
		default:
			seen = Seen{Status: StatusCancelled}
		}
		seen.Saved = true
	}
	if seen.Status == StatusSkipped {
		return ts
	}
	if n != ts.Attempt {
		ts = TaskState{Attempt: n, Approved: ts.Approved}
	}
	ts.Scheduled, ts.Created, ts.WaitingApproval, ts.NotBefore = true, true, false, 0
	if seen.Arch != "" {
		ts.Arch = seen.Arch
	}
	if ts.Started == 0 && !seen.Started.IsZero() {
		ts.Started = seen.Started.Unix()
	}
	switch {
	case seen.Status.Final():
		return a.ended(i, ts, seen)
	case seen.Status == StatusRunning:
		ts.Status = StatusRunning
		if ts.Started == 0 {
			ts.Started = a.now
		}
	}
	return ts
}

// ended returns the state of a task whose current attempt has ended.
func (a *step) ended(i int, ts TaskState, seen Seen) TaskState {
	end := a.now
	if !seen.Ended.IsZero() {
		end = seen.Ended.Unix()
	}
	if seen.Status == StatusFailed {
		ts.Cause = seen.Cause
		retry := &a.w.Tasks[i].Retry
		if ts.Attempt <= retry.Count && slices.Contains(retry.Causes, seen.Cause) && !ts.Stopping && (!a.s.Stop || a.afterStop(i)) {
			return TaskState{
				Attempt: ts.Attempt + 1, Approved: ts.Approved, Cause: ts.Cause,
				NotBefore: after(end, retry.delay(ts.Attempt)),
			}
		}
		ts.TimedOut = seen.TimedOut
	}
	ts.Status, ts.Ended, ts.Unsaved = seen.Status, end, !seen.Saved
	return ts
}

// maxBackoff limits the doubling of a backoff.
const maxBackoff = time.Hour

// delay returns the delay after the given attempt has failed.
func (r *Retry) delay(attempt int) time.Duration {
	d, most := r.Backoff, max(r.Backoff, maxBackoff)
	for range attempt - 1 {
		if d >= most {
			break
		}
		d *= 2
	}
	return min(d, most)
}

// after returns the first full second that is at least d after t.
func after(t int64, d time.Duration) int64 {
	return t + int64((d+time.Second-1)/time.Second)
}

// wake returns what Wake does, or 0.
func (a *step) wake(now int64) int64 {
	if a.s.Phase != PhaseRunning {
		return 0
	}
	var first int64
	for i := range a.tasks {
		var at int64
		switch ts, t := &a.tasks[i], &a.w.Tasks[i]; {
		case ts.Status.Final() || ts.Stopping:
		case !ts.Scheduled:
			at = ts.NotBefore
		case t.Auxiliary && a.served():
			at = after(a.lastEnded, t.TerminationDelay)
		}
		if at > now && (first == 0 || at < first) {
			first = at
		}
	}
	return first
}
