package workflow

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A turn is one call of Advance and what it must return.
type turn struct {
	o       Observed
	state   string
	actions string
}

// see observes first attempts by task, as "a" with its status.
func see(pairs ...any) Observed {
	o := Observed{Tasks: map[Attempt]Seen{}}
	for i := 0; i < len(pairs); i += 2 {
		at, ok := pairs[i].(Attempt)
		if !ok {
			at = Attempt{Task: pairs[i].(string), Number: 1}
		}
		seen, ok := pairs[i+1].(Seen)
		if !ok {
			seen = Seen{Status: pairs[i+1].(Status), Saved: true}
		}
		o.Tasks[at] = seen
	}
	return o
}

func at(seconds int64, o Observed) Observed { o.Now = time.Unix(seconds, 0); return o }

func stop(o Observed) Observed { o.Stop = true; return o }

func slots(n int, o Observed) Observed { o.Slots = n; return o }

func votes(task string, v Votes, o Observed) Observed {
	o.Approvals = map[string]Votes{task: v}
	return o
}

func TestAdvance(t *testing.T) {
	retried := tasks("a", "b a")
	retried.Tasks[0].Retry = Retry{Count: 2, Backoff: 10 * time.Second, Causes: []string{"Evicted", "NodeLost"}}
	matrix := tasks("m-1", "m-2", "m-3", "other")
	for i := range 3 {
		matrix.Tasks[i].Matrix, matrix.Tasks[i].MaxParallel = "m", 2
	}
	group := tasks("train", "server+")
	group.Tasks[1].TerminationDelay = 30 * time.Second
	two := tasks("p!")
	two.Tasks[0].Approval.Required = 2
	held := tasks("a", "p! x", "x")
	held.OnFailure = HoldWaiting
	heldRoot := tasks("a", "p!")
	heldRoot.OnFailure = HoldWaiting
	evicted := Seen{Status: StatusFailed, Cause: "Evicted", Saved: true, Ended: time.Unix(100, 0)}

	for name, c := range map[string]struct {
		w     *Workflow
		turns []turn
	}{
		"a task is started until it is observed": {tasks("a"), []turn{
			{Observed{}, "running/unknown a=scheduled", "start a1"},
			{Observed{}, "running/unknown a=scheduled", "start a1"},
			{see("a", StatusNotStarted), "running/unknown a=scheduled", ""},
			{Observed{}, "running/unknown a=scheduled", ""},
			{see("a", StatusRunning), "running/unknown a=running", ""},
			{see("a", StatusNotStarted), "running/unknown a=running", ""},
			{see("a", StatusSuccess), "finished/success a=success", ""},
			{see("a", StatusFailed), "finished/success a=success", ""},
		}},
		"an attempt that was never seen to run can have succeeded": {tasks("a", "b a"), []turn{
			{Observed{}, "running/unknown a=scheduled b=notstarted", "start a1"},
			{see("a", StatusSuccess), "running/unknown a=success b=scheduled", "start b1"},
		}},
		"dependents wait until the results are saved, and so does the end": {tasks("a", "b a"), []turn{
			{Observed{}, "running/unknown a=scheduled b=notstarted", "start a1"},
			{see("a", Seen{Status: StatusSuccess}), "running/unknown a=success b=notstarted", ""},
			{see("a", StatusSuccess), "running/unknown a=success b=scheduled", "start b1"},
			{see("b", Seen{Status: StatusSuccess}), "running/success a=success b=success", ""},
			{see("b", StatusSuccess), "finished/success a=success b=success", ""},
		}},
		"what was created and is gone has failed; what was not is started again": {tasks("a"), []turn{
			{Observed{}, "running/unknown a=scheduled", "start a1"},
			{see("a", Seen{Gone: true}), "running/unknown a=scheduled", "start a1"},
			{see("a", StatusNotStarted), "running/unknown a=scheduled", ""},
			{see("a", Seen{Gone: true}), "finished/failed a=failed", ""},
		}},
		"only a named cause is retried, after its backoff, which doubles": {retried, []turn{
			{Observed{}, "running/unknown a=scheduled b=notstarted", "start a1"},
			{at(105, see("a", evicted)), "running/unknown a=notstarted#2 b=notstarted", ""},
			{at(109, Observed{}), "running/unknown a=notstarted#2 b=notstarted", ""},
			{at(110, see("a", evicted)), "running/unknown a=scheduled#2 b=notstarted", "start a2"},
			{at(111, see("a", StatusSuccess)), "running/unknown a=scheduled#2 b=notstarted", "start a2"},
			{at(119, see(Attempt{"a", 2}, evicted)), "running/unknown a=notstarted#3 b=notstarted", ""},
			{at(120, Observed{}), "running/unknown a=scheduled#3 b=notstarted", "start a3"},
			{at(121, see(Attempt{"a", 3}, evicted)), "finished/failed a=failed#3 b=skipped", ""},
		}},
		"another cause is not retried": {retried, []turn{
			{Observed{}, "running/unknown a=scheduled b=notstarted", "start a1"},
			{see("a", Seen{Status: StatusFailed, Cause: "Exit", Saved: true}), "finished/failed a=failed b=skipped", ""},
		}},
		"a retry does not follow a stop": {retried, []turn{
			{Observed{}, "running/unknown a=scheduled b=notstarted", "start a1"},
			{at(100, see("a", evicted)), "running/unknown a=notstarted#2 b=notstarted", ""},
			{at(101, stop(Observed{})), "finished/stopped a=failed b=skipped", ""},
		}},
		"at most max_parallel tasks of a matrix are active": {matrix, []turn{
			{Observed{}, "running/unknown m-1=scheduled m-2=scheduled m-3=notstarted other=scheduled", "start m-11, start m-21, start other1"},
			{see("m-1", StatusRunning), "running/unknown m-1=running m-2=scheduled m-3=notstarted other=scheduled", "start m-21, start other1"},
			{see("m-2", StatusSuccess), "running/unknown m-1=running m-2=success m-3=scheduled other=scheduled", "start m-31, start other1"},
		}},
		"slots are given in the order of the file": {tasks("b", "a", "c"), []turn{
			{slots(2, Observed{}), "running/unknown b=scheduled a=scheduled c=notstarted", "start b1, start a1"},
			{slots(2, see("b", StatusSuccess)), "running/unknown b=success a=scheduled c=scheduled", "start a1, start c1"},
		}},
		"auxiliary tasks are stopped a while after the others have ended": {group, []turn{
			{at(10, Observed{}), "running/unknown train=scheduled server=scheduled", "start train1, start server1"},
			{at(20, see("train", StatusSuccess, "server", StatusRunning)), "running/unknown train=success server=running", ""},
			{at(49, Observed{}), "running/unknown train=success server=running", ""},
			{at(50, Observed{}), "running/unknown train=success server=running+stopping", "stop server1"},
			{at(51, Observed{}), "running/unknown train=success server=running+stopping", "stop server1"},
			{at(52, see("server", StatusStopped)), "finished/success train=success server=stopped", ""},
		}},
		"an auxiliary task that fails when it is stopped does not fail the run": {group, []turn{
			{at(10, Observed{}), "running/unknown train=scheduled server=scheduled", "start train1, start server1"},
			{at(90, see("train", Seen{Status: StatusSuccess, Saved: true, Ended: time.Unix(40, 0)})), "running/unknown train=success server=scheduled+stopping", "stop server1"},
			{at(91, see("server", StatusFailed)), "finished/success train=success server=failed", ""},
		}},
		"an auxiliary task that fails before fails the run": {group, []turn{
			{at(10, Observed{}), "running/unknown train=scheduled server=scheduled", "start train1, start server1"},
			{at(20, see("server", StatusFailed)), "running/failed train=scheduled server=failed", "start train1"},
		}},
		"an auxiliary task that has not started when the others end never does": {group, []turn{
			{at(10, slots(1, Observed{})), "running/unknown train=scheduled server=notstarted", "start train1"},
			{at(20, slots(1, see("train", StatusSuccess))), "finished/success train=success server=cancelled", ""},
		}},
		"a task starts when it has as many approvals as it requires": {two, []turn{
			{Observed{}, "running/unknown p=notstarted+waiting", ""},
			{votes("p", Votes{Approvals: 1}, Observed{}), "running/unknown p=notstarted+waiting", ""},
			{votes("p", Votes{Approvals: 2}, Observed{}), "running/unknown p=scheduled", "start p1"},
			{votes("p", Votes{Rejected: true}, Observed{}), "running/unknown p=scheduled", "start p1"},
		}},
		"approvals count only when the task could run": {tasks("a", "p! a"), []turn{
			{votes("p", Votes{Approvals: 1}, Observed{}), "running/unknown a=scheduled p=notstarted", "start a1"},
			{votes("p", Votes{Approvals: 1}, see("a", StatusSuccess)), "running/unknown a=success p=scheduled", "start p1"},
		}},
		"a rejected task has failed, and its handlers run": {tasks("p!", "b p", "h p:on_failure"), []turn{
			{Observed{}, "running/unknown p=notstarted+waiting b=notstarted h=notstarted", ""},
			{votes("p", Votes{Approvals: 1, Rejected: true}, Observed{}), "running/failed p=failed b=skipped h=scheduled", "start h1"},
		}},
		"a task that waits when the run fails is cancelled": {tasks("a", "p!", "c p:on_cancelled"), []turn{
			{Observed{}, "running/unknown a=scheduled p=notstarted+waiting c=notstarted", "start a1"},
			{see("a", StatusFailed), "running/failed a=failed p=cancelled c=scheduled", "start c1"},
		}},
		"a task that is held in a failed run can be approved": {held, []turn{
			{Observed{}, "running/unknown a=scheduled p=notstarted x=scheduled", "start a1, start x1"},
			{see("a", StatusFailed, "x", StatusSuccess), "running/failed a=failed p=notstarted+waiting x=success", ""},
			{votes("p", Votes{Approvals: 1}, Observed{}), "running/failed a=failed p=scheduled x=success", "start p1"},
		}},
		"a held task without dependencies can be approved too": {heldRoot, []turn{
			{Observed{}, "running/unknown a=scheduled p=notstarted+waiting", "start a1"},
			{see("a", StatusFailed), "running/failed a=failed p=notstarted+waiting", ""},
			{votes("p", Votes{Approvals: 1}, Observed{}), "running/failed a=failed p=scheduled", "start p1"},
		}},
		"a stop ends the waiting of a held run": {held, []turn{
			{Observed{}, "running/unknown a=scheduled p=notstarted x=scheduled", "start a1, start x1"},
			{see("a", StatusFailed, "x", StatusSuccess), "running/failed a=failed p=notstarted+waiting x=success", ""},
			{stop(Observed{}), "finished/failed a=failed p=skipped x=success", ""},
		}},
		"after a stop what is active is stopped, and what accepts that runs": {tasks("a", "b a", "z a:always", "y b:always", "c z"), []turn{
			{Observed{}, "running/unknown a=scheduled b=notstarted z=notstarted y=notstarted c=notstarted", "start a1"},
			{stop(see("a", StatusRunning)), "running/stopped a=running+stopping b=skipped z=notstarted y=scheduled c=skipped", "stop a1, start y1"},
			{see("a", StatusStopped), "running/stopped a=stopped b=skipped z=scheduled y=scheduled c=skipped", "start z1, start y1"},
			{see("z", StatusSuccess, "y", StatusFailed), "finished/stopped a=stopped b=skipped z=success y=failed c=skipped", ""},
		}},
		"a second stop stops that too": {tasks("a", "z a:on_stopped", "y z:always"), []turn{
			{Observed{}, "running/unknown a=scheduled z=notstarted y=notstarted", "start a1"},
			{stop(Observed{}), "running/stopped a=scheduled+stopping z=notstarted y=notstarted", "stop a1"},
			{stop(see("a", StatusStopped)), "running/stopped a=stopped z=scheduled y=notstarted", "start z1"},
			{Observed{StopAll: true}, "running/stopped a=stopped z=scheduled+stopping y=skipped", "stop z1"},
			{see("z", StatusCancelled), "finished/stopped a=stopped z=cancelled y=skipped", ""},
		}},
		"a failure that is seen with the stop is a failure": {tasks("a", "b"), []turn{
			{Observed{}, "running/unknown a=scheduled b=scheduled", "start a1, start b1"},
			{stop(see("a", StatusFailed)), "running/failed a=failed b=scheduled+stopping", "stop b1"},
			{see("b", StatusFailed), "finished/failed a=failed b=failed", ""},
		}},
		"a stopped attempt that is gone has been stopped": {tasks("a"), []turn{
			{Observed{}, "running/unknown a=scheduled", "start a1"},
			{stop(see("a", StatusRunning)), "running/stopped a=running+stopping", "stop a1"},
			{see("a", Seen{Gone: true}), "finished/stopped a=stopped", ""},
		}},
		"a task that someone stopped stops the result": {tasks("a", "b a", "c"), []turn{
			{Observed{}, "running/unknown a=scheduled b=notstarted c=scheduled", "start a1, start c1"},
			{see("a", StatusStopped), "running/unknown a=stopped b=skipped c=scheduled", "start c1"},
			{see("c", StatusSuccess), "finished/stopped a=stopped b=skipped c=success", ""},
		}},
		"a queued run starts when its group admits it": {tasks("a"), []turn{
			{Observed{Queued: true}, "queued/unknown a=notstarted", ""},
			{Observed{}, "running/unknown a=scheduled", "start a1"},
			{Observed{Queued: true, Cancel: true}, "running/unknown a=scheduled", "start a1"},
		}},
		"a queued run can be cancelled": {tasks("a", "b a:always"), []turn{
			{Observed{Queued: true}, "queued/unknown a=notstarted b=notstarted", ""},
			{Observed{Queued: true, Cancel: true}, "cancelled/unknown a=cancelled b=cancelled", ""},
			{Observed{}, "cancelled/unknown a=cancelled b=cancelled", ""},
		}},
		"a stop cancels a queued run": {tasks("a"), []turn{
			{stop(Observed{Queued: true}), "cancelled/unknown a=cancelled", ""},
		}},
		"a run without tasks succeeds": {tasks(), []turn{{Observed{}, "finished/success", ""}}},
		"tasks that do not exist are ignored": {tasks("a"), []turn{
			{see("b", StatusFailed), "running/unknown a=scheduled", "start a1"},
		}},
		"an attempt of an older state is adopted": {tasks("a", "b a"), []turn{
			{see("a", StatusFailed, Attempt{"a", 2}, StatusRunning), "running/unknown a=running#2 b=notstarted", ""},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var s State
			for i, turn := range c.turns {
				before := s
				next, actions, events := Advance(c.w, s, turn.o)
				if got := brief(c.w, next); got != turn.state {
					t.Errorf("turn %d: state\n%s, not\n%s", i+1, got, turn.state)
				}
				if got := brieflyActions(actions); got != turn.actions {
					t.Errorf("turn %d: actions %q, not %q", i+1, got, turn.actions)
				}
				if n := next.Sequence - before.Sequence; n != int64(len(events)) {
					t.Errorf("turn %d: %d events, and the sequence is %d higher", i+1, len(events), n)
				}
				again, sameActions, none := Advance(c.w, next, turn.o)
				if !next.Equal(again) || !reflect.DeepEqual(actions, sameActions) || len(none) > 0 {
					t.Errorf("turn %d: the same observation changes the state again: %s", i+1, cmp.Diff(next, again))
				}
				s = next
			}
		})
	}
}

func TestAdvanceChangesNoneOfItsArguments(t *testing.T) {
	w := tasks("a", "b a")
	s := State{Phase: PhaseRunning, Tasks: map[string]TaskState{"a": {Status: StatusRunning, Attempt: 1, Scheduled: true, Created: true}}}
	next, _, _ := Advance(w, s, see("a", StatusSuccess))
	if s.Tasks["a"].Status != StatusRunning || len(s.Tasks) != 1 {
		t.Errorf("the old state has changed: %+v", s)
	}
	end, _, _ := Advance(w, next, see("b", StatusSuccess))
	same, _, _ := Advance(w, end, Observed{})
	same.Tasks["a"] = TaskState{}
	if end.Tasks["a"].Status != StatusSuccess {
		t.Error("the state of a finished run is shared with the result")
	}
}

func TestWakeIsTheNextDecisionThatNothingCauses(t *testing.T) {
	w := tasks("a", "b", "s+")
	w.Tasks[0].Retry = Retry{Count: 1, Backoff: time.Minute, Causes: []string{"Evicted"}}
	w.Tasks[2].TerminationDelay = 90 * time.Second
	now := func(s int64) time.Time { return time.Unix(s, 0) }
	s, _, _ := Advance(w, State{}, at(100, Observed{}))
	if got := Wake(w, s, now(100)); !got.IsZero() {
		t.Errorf("a run that only its tasks advance: %v", got)
	}
	s, _, _ = Advance(w, s, at(100, see("a", Seen{Status: StatusFailed, Cause: "Evicted", Saved: true}, "b", StatusSuccess)))
	if got := Wake(w, s, now(100)); !got.Equal(now(160)) {
		t.Errorf("a retry: %v", got)
	}
	if got := Wake(w, s, now(160)); !got.IsZero() {
		t.Errorf("a retry that is due is no time to wait for: %v", got)
	}
	s, _, _ = Advance(w, s, at(160, Observed{}))
	s, _, _ = Advance(w, s, at(170, see(Attempt{"a", 2}, StatusSuccess)))
	if got := Wake(w, s, now(170)); !got.Equal(now(260)) {
		t.Errorf("the stop of an auxiliary task: %v", got)
	}
}
