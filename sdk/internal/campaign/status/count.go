package status

import (
	"cmp"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
)

// Count makes the status of a campaign of its record and of what is known of
// its runs: what has neither a Job nor an entry in the index is missing.
func Count(r *layout.Record, runs map[layout.RunRef]Run, now time.Time) api.Campaign {
	c := fromRecord(r)
	ends := make([]time.Time, 0, len(runs))
	n := &c.Runs
	for _, run := range runs {
		layout.Note(n, run.State, run.saving)
		if run.State.Ended() && !run.ended.IsZero() {
			ends = append(ends, run.ended)
		}
	}
	c.State = r.Stand(n)
	c.Failures = failures(r, runs)

	slices.SortFunc(ends, time.Time.Compare)
	c.RunsPerMinute = pace(ends, c.State.Ended(), now)
	left := n.Total - n.Done()
	switch {
	case c.State.Ended() && len(ends) > 0:
		c.EndTime = ptr.To(metav1.NewTime(ends[len(ends)-1]))
	case c.RunsPerMinute > 0 && left > 0 && c.State != api.CampaignHeld:
		after := time.Duration(float64(left) / c.RunsPerMinute * float64(time.Minute))
		c.ETA = ptr.To(metav1.NewTime(now.Add(after).Truncate(time.Second)))
	}
	return c
}

// recentEnds is the number of ends for the pace: enough to be steady, few
// enough to follow when nodes join.
const recentEnds = 50

// pace is the number of runs that end in a minute, by the latest of ends, which
// are sorted; 0 if it cannot be computed. While a campaign is unfinished the
// time since the last end counts, too, so that the pace of one that hangs
// falls.
func pace(ends []time.Time, over bool, now time.Time) float64 {
	ends = ends[max(0, len(ends)-recentEnds):]
	if len(ends) < 2 {
		return 0
	}
	first, last := ends[0], ends[len(ends)-1]
	if !over && now.After(last) {
		last = now
	}
	took := last.Sub(first).Minutes()
	if took <= 0 {
		return 0 // within one second, the resolution of a Job's times
	}
	return float64(len(ends)-1) / took
}

// failures groups the failed runs by their cause, the most frequent first. The
// example is the first one whose reason is known in words.
func failures(r *layout.Record, runs map[layout.RunRef]Run) []api.FailureGroup {
	type example struct {
		ref layout.RunRef
		run Run
	}
	counts, examples := map[api.Cause]int{}, map[api.Cause]example{}
	for ref, run := range runs {
		if run.State != api.Failed {
			continue
		}
		cause := cmp.Or(run.Cause, api.CauseUnknown)
		counts[cause]++
		have, ok := examples[cause]
		if !ok || (run.reason != "") != (have.run.reason != "") && run.reason != "" ||
			(run.reason != "") == (have.run.reason != "") && compareRuns(ref, have.ref) < 0 {
			examples[cause] = example{ref, run}
		}
	}
	var out []api.FailureGroup
	for cause, n := range counts {
		e := examples[cause]
		out = append(out, api.FailureGroup{Cause: cause, Count: n, Reason: e.run.reason,
			Example: e.ref.String(), TaskID: taskID(r, e.ref, e.run)})
	}
	slices.SortFunc(out, func(a, b api.FailureGroup) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Cause, b.Cause))
	})
	return out
}

// taskID is what a run's logs are found by. That of a Job that is gone follows
// from its run, unless the Job held others, too.
func taskID(r *layout.Record, ref layout.RunRef, run Run) string {
	if run.taskID != "" || r.RunsPerJob > 1 {
		return run.taskID
	}
	return kube.RunID(r.ID, ref.Config, ref.Run)
}

// fromRecord returns a campaign with the fields that its record alone determines.
func fromRecord(r *layout.Record) api.Campaign {
	return api.Campaign{
		TypeMeta: api.TypeMeta[api.Campaign](),
		ID:       r.ID, User: r.User, Context: r.Context, RerunOf: r.RerunOf,
		Image: r.Image, ImageID: r.ImageID, Queue: r.Queue, Configs: r.ConfigCount,
	}
}
