package workflow

import (
	"slices"
	"time"
)

// Assumptions are what a plan assumes about the tasks of a run and its users.
type Assumptions struct {
	// Outcomes are by task; the others succeed. Auxiliary tasks without an outcome
	// run until they are stopped.
	Outcomes map[string]Outcome
	// Approve and Reject are the tasks that are approved or rejected when they
	// wait for it. The others wait for ever.
	Approve, Reject []string
	// Slots is how many tasks are active at once. 0 means no limit.
	Slots int
	// StopAt is the task at whose start the run is stopped.
	StopAt string
	// Order is the order in which active tasks end. Without it, and after it, all
	// active tasks end at the same time.
	Order []string
}

// Outcome is how each attempt of a task ends.
type Outcome struct {
	// Status is final.
	Status   Status
	Cause    string
	TimedOut bool
}

// A Planned is the end of a run under assumptions.
type Planned struct {
	// State is the state in which nothing more happens.
	State State
	// Events are all events of the run.
	Events []Event
	// Steps is when each task that starts does so, from 1: tasks of one step start
	// at the same time.
	Steps map[string]int
}

// Plan advances a run of a workflow without problems until nothing more happens.
func Plan(w *Workflow, as Assumptions) Planned {
	p := &planner{
		step: newStep(w, State{}), as: as, clock: time.Unix(1, 0), votes: map[string]Votes{}, steps: map[string]int{},
		created: map[Attempt]bool{}, running: map[Attempt]bool{},
	}
	for _, t := range w.Tasks {
		switch {
		case slices.Contains(as.Reject, t.Name):
			p.votes[t.Name] = Votes{Rejected: true}
		case slices.Contains(as.Approve, t.Name) && t.Approval != nil:
			p.votes[t.Name] = Votes{Approvals: max(t.Approval.Required, 1)}
		}
	}
	for !p.s.Phase.Final() && p.next() {
	}
	return Planned{State: p.state(), Events: p.events, Steps: p.steps}
}

// planner executes the actions of a run on paper.
type planner struct {
	*step
	as    Assumptions
	votes map[string]Votes
	clock time.Time
	// fresh is what has not been observed yet; created and running are the attempts
	// that exist and those of them that have not ended.
	fresh            map[Attempt]Seen
	created, running map[Attempt]bool
	steps            map[string]int
	// count is the number of steps so far.
	count int
	stop  bool
}

// next advances the run and lets the cluster do one thing. It reports whether it
// did.
func (p *planner) next() bool {
	o := Observed{Now: p.clock, Tasks: p.fresh, Approvals: p.votes, Slots: p.as.Slots, Stop: p.stop}
	p.fresh = map[Attempt]Seen{}
	before := p.s.Sequence
	if p.sum.auxiliary > 0 {
		p.allDirty() // The stop of auxiliary tasks depends on the clock.
	}
	p.advance(o)
	if p.s.Phase.Final() {
		return true
	}
	started := false
	for _, action := range p.actions() {
		at := Attempt{Task: action.Task, Number: action.Attempt}
		switch {
		case action.Kind == Start && !p.created[at]:
			if !started {
				started = true
				p.count++
			}
			p.created[at], p.running[at] = true, true
			p.fresh[at] = Seen{Status: StatusRunning}
			if p.steps[at.Task] == 0 {
				p.steps[at.Task] = p.count
			}
		case action.Kind == Stop && p.running[at]:
			p.end(at, Outcome{Status: StatusStopped})
		}
	}
	switch {
	case len(p.fresh) > 0 && !started:
		return true
	case started && !p.stop && p.steps[p.as.StopAt] > 0:
		p.stop = true
		return true
	case p.finish():
		return true
	}
	if wake := p.wake(p.clock.Unix()); wake > 0 {
		p.clock = time.Unix(wake, 0)
		return true
	}
	return started || p.s.Sequence != before
}

// finish ends the first active task of the order, or else all of them. It reports
// whether there was one.
func (p *planner) finish() bool {
	for _, task := range p.as.Order {
		if i, ok := p.index[task]; ok {
			if at := (Attempt{Task: task, Number: p.tasks[i].Attempt}); p.running[at] {
				p.end(at, p.outcome(task))
				return true
			}
		}
	}
	ended := false
	for at := range p.running {
		if _, given := p.as.Outcomes[at.Task]; given || !p.w.Tasks[p.index[at.Task]].Auxiliary {
			p.end(at, p.outcome(at.Task))
			ended = true
		}
	}
	return ended
}

func (p *planner) outcome(task string) Outcome {
	if o, ok := p.as.Outcomes[task]; ok {
		return o
	}
	return Outcome{Status: StatusSuccess}
}

func (p *planner) end(at Attempt, o Outcome) {
	delete(p.running, at)
	p.fresh[at] = Seen{Status: o.Status, Cause: o.Cause, TimedOut: o.TimedOut, Saved: true}
}
