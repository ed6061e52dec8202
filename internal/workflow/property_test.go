package workflow

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// randomRun returns a workflow, and how its attempts end.
func randomRun(r *rand.Rand) (*Workflow, map[Attempt]Seen) {
	w, ends := &Workflow{}, map[Attempt]Seen{}
	n := 1 + r.IntN(12)
	for i := range n {
		t := Task{Name: fmt.Sprintf("t%d", i), IgnoreFailure: r.IntN(4) == 0, Skip: r.IntN(12) == 0}
		for p := range i {
			if r.IntN(3) == 0 {
				t.Depends = append(t.Depends, Dependency{Task: fmt.Sprintf("t%d", p), Conditions: Conditions(r.IntN(int(Always) + 1))})
			}
		}
		if r.IntN(5) == 0 && len(t.Depends) > 0 {
			t.Approval = &Approval{Required: 1 + r.IntN(2)}
		}
		if r.IntN(3) == 0 {
			t.Retry = Retry{Count: r.IntN(3), Backoff: time.Duration(r.IntN(100)) * time.Second, Causes: []string{"Evicted"}}
		}
		for attempt := range 3 {
			end := Seen{Status: []Status{StatusSuccess, StatusSuccess, StatusFailed, StatusStopped, StatusCancelled}[r.IntN(5)], Saved: true}
			if end.Status == StatusFailed {
				end.Cause = []string{"Evicted", "Exit"}[r.IntN(2)]
			}
			ends[Attempt{t.Name, attempt + 1}] = end
		}
		w.Tasks = append(w.Tasks, t)
	}
	r.Shuffle(n, func(i, j int) { w.Tasks[i], w.Tasks[j] = w.Tasks[j], w.Tasks[i] })
	return w, ends
}

// deliver runs a workflow to its end. Without r everything is observed at once.
// With r attempts end in any order, and each observation misses some of them,
// repeats older ones, and has an older status for others.
func deliver(t *testing.T, w *Workflow, ends map[Attempt]Seen, r *rand.Rand) (State, map[Attempt]int) {
	t.Helper()
	approvals := map[string]Votes{}
	for _, task := range w.Tasks {
		if task.Approval != nil {
			approvals[task.Name] = Votes{Approvals: 2}
		}
	}
	var s State
	world, old, starts := map[Attempt]Seen{}, map[Attempt]Seen{}, map[Attempt]int{}
	clock := int64(1000)
	for range 100_000 {
		o := Observed{Now: time.Unix(clock, 0), Approvals: approvals, Tasks: map[Attempt]Seen{}}
		for _, at := range sortedAttempts(world) {
			seen := world[at]
			if r != nil {
				switch r.IntN(4) {
				case 0:
					continue
				case 1:
					if before, ok := old[at]; ok {
						seen = before
					}
				}
			}
			o.Tasks[at] = seen
		}
		next, actions, events := Advance(w, s, o)
		if r != nil && r.IntN(8) == 0 {
			continue // The state was not written.
		}
		for i, e := range events {
			if e.Sequence != s.Sequence+int64(i)+1 {
				t.Fatalf("event %d has the sequence %d after %d", i, e.Sequence, s.Sequence)
			}
		}
		for name, ts := range s.Tasks {
			if now := next.Tasks[name]; ts.Status.Final() && (now.Status != ts.Status || now.Attempt != ts.Attempt) {
				t.Fatalf("%s was %+v and is %+v", name, ts, now)
			}
		}
		s = next
		if s.Phase.Final() {
			return s, starts
		}
		progress := false
		for _, action := range actions {
			if r != nil && r.IntN(4) == 0 {
				continue // The driver died before.
			}
			at := Attempt{action.Task, action.Attempt}
			if action.Kind != Start {
				t.Fatalf("%v: nothing is to be stopped", action)
			}
			if _, exists := world[at]; !exists {
				world[at], progress = Seen{Status: StatusRunning}, true
				starts[at]++
			}
		}
		for _, at := range sortedAttempts(world) {
			if world[at].Status == StatusRunning && (r == nil || r.IntN(3) == 0) {
				old[at] = world[at]
				end := ends[at]
				end.Ended = time.Unix(2000, 0)
				if r != nil && r.IntN(3) == 0 {
					end.Saved = false
				}
				world[at], progress = end, true
			} else if !world[at].Saved && world[at].Status.Final() {
				old[at] = world[at]
				end := world[at]
				end.Saved = true
				world[at], progress = end, true
			}
		}
		if !progress {
			clock += 30
		}
	}
	t.Fatalf("the run does not end: %s", brief(w, s))
	return s, nil
}

func sortedAttempts(m map[Attempt]Seen) []Attempt {
	return slices.SortedFunc(maps.Keys(m), func(a, b Attempt) int {
		if a.Task != b.Task {
			return map[bool]int{true: -1, false: 1}[a.Task < b.Task]
		}
		return a.Number - b.Number
	})
}

// TestTheOutcomeDependsOnNeitherOrderNorLossOfObservations compares runs of random
// workflows.
func TestTheOutcomeDependsOnNeitherOrderNorLossOfObservations(t *testing.T) {
	// A task that waits for approval is cancelled if the run fails before it could
	// run, and started otherwise: that depends on the order, except here, where the
	// approvals are there.
	for seed := range uint64(1500) {
		r := rand.New(rand.NewPCG(seed, 14))
		w, ends := randomRun(r)
		want, starts := deliver(t, w, ends, nil)
		for range 3 {
			got, again := deliver(t, w, ends, r)
			if brief(w, got) != brief(w, want) {
				t.Fatalf("seed %d: %+v\n%s, not\n%s", seed, w.Tasks, brief(w, got), brief(w, want))
			}
			if diff := cmp.Diff(starts, again); diff != "" {
				t.Fatalf("seed %d: other attempts were started: -want +got:\n%s", seed, diff)
			}
		}
		for at, n := range starts {
			if n != 1 {
				t.Fatalf("seed %d: %v was started %d times", seed, at, n)
			}
		}
	}
}

// TestAnyObservationLeavesAStateThatAdvanceAccepts feeds observations that no
// cluster shows: states stay within what their types document.
func TestAnyObservationLeavesAStateThatAdvanceAccepts(t *testing.T) {
	for seed := range uint64(1500) {
		r := rand.New(rand.NewPCG(seed, 15))
		w, _ := randomRun(r)
		var s State
		for range 30 {
			o := Observed{
				Now: time.Unix(int64(r.IntN(1000)), 0), Tasks: map[Attempt]Seen{}, Approvals: map[string]Votes{},
				Queued: r.IntN(3) == 0, Slots: r.IntN(4), Stop: r.IntN(20) == 0, StopAll: r.IntN(40) == 0, Cancel: r.IntN(10) == 0,
			}
			for range r.IntN(6) {
				task := w.Tasks[r.IntN(len(w.Tasks))].Name
				o.Tasks[Attempt{task, r.IntN(5)}] = Seen{
					Status: Status(r.IntN(int(StatusFailed) + 1)), Gone: r.IntN(5) == 0, Cause: "Evicted",
					TimedOut: r.IntN(2) == 0, Saved: r.IntN(2) == 0,
				}
				o.Approvals[task] = Votes{Approvals: r.IntN(3), Rejected: r.IntN(5) == 0}
			}
			next, actions, _ := Advance(w, s, o)
			again, same, _ := Advance(w, next, o)
			if !again.Equal(next) || !slices.Equal(actions, same) {
				t.Fatalf("seed %d: advancing again changes the state: %s", seed, cmp.Diff(next, again))
			}
			if s.Phase.Final() && !s.Equal(next) {
				t.Fatalf("seed %d: a final state changes", seed)
			}
			for name, ts := range next.Tasks {
				switch {
				case ts.WaitingApproval && (ts.Scheduled || ts.Status != StatusNotStarted || next.Stop),
					ts.Scheduled && ts.Attempt < 1, ts.TimedOut && ts.Status != StatusFailed,
					ts.Status == StatusRunning && !ts.Created, next.Phase.Final() && !ts.Status.Final(),
					s.Tasks[name].Status.Final() && s.Tasks[name].Status != ts.Status:
					t.Fatalf("seed %d: %s is %+v after %+v", seed, name, ts, s.Tasks[name])
				}
			}
			s = next
		}
	}
}
