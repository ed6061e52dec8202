package status

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
)

// trustQueue is how long a queue is not read again for one campaign: that costs
// a request for every 500 of all that wait in it.
const trustQueue = 30 * time.Second

// readQueue is why the first in line of a campaign's runs waited at a time.
type readQueue struct {
	example layout.RunRef
	reason  string
	since   time.Time
}

// waiting groups the runs that wait by the cause: an image that cannot be
// pulled, nodes without room and a queue are fixed in different places.
func (c *Reader) waiting(ctx context.Context, r *layout.Record, runs map[layout.RunRef]Run) []api.WaitingGroup {
	groups := pendingGroups(runs)
	var queued []layout.RunRef
	for ref, run := range runs {
		if run.State == api.Queued {
			queued = append(queued, ref)
		}
	}
	if len(queued) == 0 || r.Held || r.Queue == "" {
		return groups
	}
	if q := c.firstInLine(ctx, r, queued, runs); q.reason != "" {
		groups = append(groups, api.WaitingGroup{State: api.Queued, Count: len(queued), Reason: q.reason, Example: q.example.String()})
	}
	return groups
}

// Starting is the reason of runs that wait without any other reason.
const Starting = "their pods are starting: scheduling, pulling images, fetching files"

// pendingGroups are the runs that were admitted and have not started, by cause,
// the most frequent first. Those without a cause are about to start, as far as
// is known.
func pendingGroups(runs map[layout.RunRef]Run) []api.WaitingGroup {
	byCause := map[api.Cause]*api.WaitingGroup{}
	examples := map[api.Cause]layout.RunRef{}
	for ref, run := range runs {
		if run.State != api.Pending {
			continue
		}
		g := byCause[run.Cause]
		if g == nil {
			g = &api.WaitingGroup{State: api.Pending, Cause: run.Cause}
			byCause[run.Cause] = g
		}
		g.Count++
		if g.Count == 1 || compareRuns(ref, examples[run.Cause]) < 0 {
			examples[run.Cause] = ref
			g.Reason, g.Example = cmp.Or(run.reason, Starting), ref.String()
		}
	}
	var out []api.WaitingGroup
	for _, g := range byCause {
		out = append(out, *g)
	}
	slices.SortFunc(out, func(a, b api.WaitingGroup) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Cause, b.Cause))
	})
	return out
}

// firstInLine returns why the first of the queued runs waits. Without an answer
// of the queue it is empty.
func (c *Reader) firstInLine(ctx context.Context, r *layout.Record, queued []layout.RunRef, runs map[layout.RunRef]Run) readQueue {
	c.seen.mu.Lock()
	have, known := c.seen.queued[r.ID]
	c.seen.mu.Unlock()
	if known && time.Since(have.since) < trustQueue && (have.reason == "" || runs[have.example].State == api.Queued) {
		return have
	}
	places, err := c.queues.Places(ctx, c.conn.Namespace, r.Queue)
	if err != nil {
		if ctx.Err() == nil {
			c.conn.Warn("why runs wait in the queue is not known: " + err.Error())
		}
		return have
	}
	now := readQueue{since: time.Now()}
	best := 0
	for _, ref := range queued {
		p, ok := places[runs[ref].Job]
		if ok && (now.reason == "" || p.Position < best || p.Position == best && compareRuns(ref, now.example) < 0) {
			best, now.example, now.reason = p.Position, ref, p.Reason
		}
	}
	c.seen.mu.Lock()
	defer c.seen.mu.Unlock()
	if c.seen.queued == nil {
		c.seen.queued = map[string]readQueue{}
	}
	c.seen.queued[r.ID] = now
	return now
}
