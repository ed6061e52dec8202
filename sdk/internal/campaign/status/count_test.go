package status

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func recordOf(total int) *layout.Record {
	return &layout.Record{ID: "sweep-2026-11-21-110000", Total: total, RunsPerJob: 1, Complete: true}
}

// known are runs a/0, a/1 ... in these states.
func known(states ...api.State) map[layout.RunRef]Run {
	runs := map[layout.RunRef]Run{}
	for i, s := range states {
		runs[layout.RunRef{Config: "a", Run: i}] = Run{State: s}
	}
	return runs
}

func TestRunsAreCountedAndMakeTheCampaignsState(t *testing.T) {
	held, making, stopped := recordOf(3), recordOf(3), recordOf(3)
	held.Held, making.Complete, stopped.Stopped = true, false, true
	for name, tt := range map[string]struct {
		record *layout.Record
		runs   map[layout.RunRef]Run
		counts api.RunCounts
		state  api.CampaignState
	}{
		"all waits": {recordOf(3), known(api.Queued, api.Queued, api.Queued),
			api.RunCounts{Total: 3, Queued: 3}, api.CampaignQueued},
		"one of each": {recordOf(7), known(api.Queued, api.Pending, api.Running, api.Succeeded, api.Rejected, api.Failed, api.Stopped),
			api.RunCounts{Total: 7, Queued: 1, Pending: 1, Running: 1, Succeeded: 1, Rejected: 1, Failed: 1, Stopped: 1}, api.CampaignRunning},
		"what has not ended waits": {recordOf(3), known(api.Succeeded, api.Failed, api.Queued),
			api.RunCounts{Total: 3, Succeeded: 1, Failed: 1, Queued: 1}, api.CampaignQueued},
		"what was judged is no failure": {recordOf(2), known(api.Succeeded, api.Rejected),
			api.RunCounts{Total: 2, Succeeded: 1, Rejected: 1}, api.CampaignSucceeded},
		"one failed": {recordOf(2), known(api.Succeeded, api.Failed),
			api.RunCounts{Total: 2, Succeeded: 1, Failed: 1}, api.CampaignFailed},
		"some were stopped one by one": {recordOf(2), known(api.Succeeded, api.Stopped),
			api.RunCounts{Total: 2, Succeeded: 1, Stopped: 1}, api.CampaignStopped},
		"half of the Jobs are made": {making, known(api.Running),
			api.RunCounts{Total: 3, Running: 1, Missing: 2}, api.CampaignSubmitting},
		"all Jobs are made, but it is not recorded": {making, known(api.Running, api.Running, api.Succeeded),
			api.RunCounts{Total: 3, Running: 2, Succeeded: 1}, api.CampaignRunning},
		"the Jobs made so far have ended": {making, known(api.Succeeded),
			api.RunCounts{Total: 3, Succeeded: 1, Missing: 2}, api.CampaignSubmitting},
		"held": {held, known(api.Queued, api.Queued, api.Succeeded),
			api.RunCounts{Total: 3, Queued: 2, Succeeded: 1}, api.CampaignHeld},
		"held when all had ended": {held, known(api.Succeeded, api.Succeeded, api.Succeeded),
			api.RunCounts{Total: 3, Succeeded: 3}, api.CampaignSucceeded},
		"stopped, and one still ends": {stopped, known(api.Running, api.Stopped, api.Failed),
			api.RunCounts{Total: 3, Running: 1, Stopped: 1, Failed: 1}, api.CampaignRunning},
		"stopped while its Jobs were made": {stopped, known(api.Stopped, api.Failed),
			api.RunCounts{Total: 3, Stopped: 2, Failed: 1}, api.CampaignStopped},
		"stopped when all had ended": {stopped, known(api.Succeeded, api.Succeeded, api.Succeeded),
			api.RunCounts{Total: 3, Succeeded: 3}, api.CampaignSucceeded},
		"Jobs were removed and their outcomes are unknown": {recordOf(3), known(api.Succeeded),
			api.RunCounts{Total: 3, Succeeded: 1, Missing: 2}, api.CampaignFailed},
		"more runs than the record has": {recordOf(1), known(api.Succeeded, api.Succeeded),
			api.RunCounts{Total: 2, Succeeded: 2}, api.CampaignSucceeded},
	} {
		t.Run(name, func(t *testing.T) {
			c := Count(tt.record, tt.runs, noon)
			if diff := cmp.Diff(tt.counts, c.Runs); diff != "" || c.State != tt.state {
				t.Errorf("state %s, want %s (-want,+got):\n%s", c.State, tt.state, diff)
			}
		})
	}
}

func TestThePaceIsThatOfTheLatestEnds(t *testing.T) {
	// ends are so many seconds ago.
	ends := func(ago ...int) (out []time.Time) {
		for _, s := range ago {
			out = append(out, noon.Add(-time.Duration(s)*time.Second))
		}
		return out
	}
	var slowThenFast []int
	for i := range 100 {
		slowThenFast = append(slowThenFast, 100_000-600*i)
	}
	for i := range recentEnds {
		slowThenFast = append(slowThenFast, (recentEnds-1-i)*2)
	}
	for name, tt := range map[string]struct {
		ends []time.Time
		over bool
		want float64
	}{
		"none":                               {nil, false, 0},
		"one end gives no pace":              {ends(60), false, 0},
		"two, one just now":                  {ends(60, 0), false, 1},
		"it hangs and gets slower":           {ends(660, 600), false, 1.0 / 11},
		"what hangs when it is over is over": {ends(660, 600), true, 1},
		"all in one second":                  {ends(0, 0, 0), false, 0},
		"only the latest count":              {ends(slowThenFast...), false, 30},
		"a clock that is behind":             {ends(0, -60), false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			if got := pace(tt.ends, tt.over, noon); got < tt.want*0.999 || got > tt.want*1.001 {
				t.Errorf("%v runs a minute, want %v", got, tt.want)
			}
		})
	}
}

func TestTheEndIsEstimatedWhileThereIsAPace(t *testing.T) {
	runs := known(api.Succeeded, api.Succeeded, api.Running, api.Queued)
	for i, ago := range []time.Duration{time.Minute, 0} {
		ref := layout.RunRef{Config: "a", Run: i}
		r := runs[ref]
		r.ended = noon.Add(-ago)
		runs[ref] = r
	}
	at := func(t time.Time) *metav1.Time { return ptr.To(metav1.NewTime(t)) }
	c := Count(recordOf(4), runs, noon)
	if diff := cmp.Diff(at(noon.Add(2*time.Minute)), c.ETA); diff != "" || c.EndTime != nil {
		t.Errorf("2 runs are left at one a minute; end %v (-want,+got):\n%s", c.EndTime, diff)
	}
	held := recordOf(4)
	held.Held = true
	if c := Count(held, runs, noon); c.ETA != nil {
		t.Errorf("what is held has no end: %v", c.ETA)
	}
	delete(runs, layout.RunRef{Config: "a", Run: 2})
	delete(runs, layout.RunRef{Config: "a", Run: 3})
	c = Count(recordOf(2), runs, noon)
	if diff := cmp.Diff(at(noon), c.EndTime); diff != "" || c.ETA != nil {
		t.Errorf("it is over; estimate %v (-want,+got):\n%s", c.ETA, diff)
	}
}

func TestFailuresAreGroupedByTheirCause(t *testing.T) {
	runs := map[layout.RunRef]Run{
		{Config: "a", Run: 0}: {State: api.Succeeded},
		{Config: "a", Run: 1}: {State: api.Failed, Cause: api.CauseOutOfMemory},
		{Config: "b", Run: 0}: {State: api.Failed, Cause: api.CauseOutOfMemory, reason: "out of memory (limit 64Mi)", taskID: "bbbbbbbb"},
		{Config: "b", Run: 1}: {State: api.Failed, Cause: api.CauseDeadline, reason: "too long"},
		{Config: "c", Run: 0}: {State: api.Failed, Cause: api.CauseOutOfMemory, reason: "later"},
		{Config: "c", Run: 1}: {State: api.Failed},
		{Config: "c", Run: 2}: {State: api.Rejected},
		{Config: "c", Run: 3}: {State: api.Stopped, Cause: api.CauseStopped},
	}
	packed := recordOf(8)
	packed.RunsPerJob = 4
	want := []api.FailureGroup{
		{Cause: api.CauseOutOfMemory, Count: 3, Reason: "out of memory (limit 64Mi)", Example: "b/0", TaskID: "bbbbbbbb"},
		{Cause: api.CauseDeadline, Count: 1, Reason: "too long", Example: "b/1"},
		{Cause: api.CauseUnknown, Count: 1, Example: "c/1"},
	}
	if diff := cmp.Diff(want, failures(packed, runs)); diff != "" {
		t.Errorf("(-want,+got):\n%s", diff)
	}
	for _, g := range failures(recordOf(8), runs) {
		if len(g.TaskID) != 8 {
			t.Errorf("of a Job that held one run the id is known: %+v", g)
		}
	}
}

func TestARunThatSavesIsCountedForItself(t *testing.T) {
	runs := known(api.Running, api.Running, api.Succeeded)
	saves := layout.RunRef{Config: "a", Run: 1}
	runs[saves] = Run{State: api.Running, saving: true}
	c := Count(recordOf(3), runs, noon)
	want := api.RunCounts{Total: 3, Running: 1, Saving: 1, Succeeded: 1}
	if diff := cmp.Diff(want, c.Runs); diff != "" || c.State != api.CampaignRunning {
		t.Errorf("state %s (-want,+got):\n%s", c.State, diff)
	}
	WouldStop(&c)
	if diff := cmp.Diff(api.RunCounts{Total: 3, Stopped: 2, Succeeded: 1}, c.Runs); diff != "" {
		t.Errorf("stopped (-want,+got):\n%s", diff)
	}
}

func TestRunsThatWaitAreGroupedByTheirCause(t *testing.T) {
	runs := known(api.Pending, api.Pending, api.Pending, api.Pending, api.Failed)
	why := func(i int, cause api.Cause, reason string) {
		ref := layout.RunRef{Config: "a", Run: i}
		r := runs[ref]
		r.Cause, r.reason = cause, reason
		runs[ref] = r
	}
	why(0, "", "")
	why(1, api.CauseUnschedulable, "no node has 64 CPU")
	why(2, api.CauseImageNotFound, "no image x:1")
	why(3, api.CauseImageNotFound, "no image x:1, in other words")
	why(4, api.CauseExit, "exit code 1")
	want := []api.WaitingGroup{
		{State: api.Pending, Cause: api.CauseImageNotFound, Count: 2, Reason: "no image x:1", Example: "a/2"},
		{State: api.Pending, Count: 1, Reason: Starting, Example: "a/0"},
		{State: api.Pending, Cause: api.CauseUnschedulable, Count: 1, Reason: "no node has 64 CPU", Example: "a/1"},
	}
	if diff := cmp.Diff(want, pendingGroups(runs)); diff != "" {
		t.Errorf("(-want,+got):\n%s", diff)
	}
}
