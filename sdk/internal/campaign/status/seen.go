package status

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
)

// trustIndex is how long an index is not read again while no Job shows the end
// of another run.
const trustIndex = 30 * time.Second

// seen is what one look at a campaign leaves for the next one: who looks every
// two seconds reads only what can have changed. The zero value is ready.
type seen struct {
	mu      sync.Mutex
	index   map[string]readIndex // by campaign
	pods    map[types.UID]Run    // by the pods, per Job
	reasons map[string]string    // by the result's prefix
	images  map[string]string    // by campaign; "" if unknown
	queued  map[string]readQueue // by campaign
	shown   map[string]bool      // by campaign
}

// before reports whether a campaign was shown already: one that is watched does
// not vanish in the moment in which it ends.
func (s *seen) before(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shown[id]
}

// show notes that campaigns are shown.
func (s *seen) show(records []*layout.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shown == nil {
		s.shown = map[string]bool{}
	}
	for _, r := range records {
		s.shown[r.ID] = true
	}
}

// indexError is an index that is in the store and could not be read.
type indexError struct{ error }

func (e *indexError) Unwrap() error { return e.error }

// readIndex is a campaign's index as it was read at a time, when its Jobs stood so.
type readIndex struct {
	runs  map[layout.RunRef]Run
	jobs  [2]int // all, and those that have ended
	since time.Time
}

// Merge returns all runs of a campaign of which anything is known. With an
// indexError they are those of the Jobs, and what was read before.
func (c *Reader) Merge(ctx context.Context, r *layout.Record, jobs JobRuns) (map[layout.RunRef]Run, error) {
	index, unread := c.index(ctx, r, jobs)
	runs := make(map[layout.RunRef]Run, max(len(jobs), len(index)))
	var unexplained []Run
	for ref, job := range jobs {
		var indexed *Run
		if i, ok := index[ref]; ok {
			indexed = &i
		}
		runs[ref] = merge(&job, indexed)
		if runs[ref].unexplained != nil {
			unexplained = append(unexplained, runs[ref])
		}
	}
	for ref, indexed := range index {
		if _, ok := jobs[ref]; !ok {
			runs[ref] = indexed
		}
	}
	if len(unexplained) == 0 {
		return runs, unread
	}
	byPod, err := c.podReasons(ctx, r, unexplained)
	for ref, run := range runs {
		if run.unexplained != nil {
			runs[ref] = run.explained(byPod[run.Job])
		}
	}
	return runs, cmp.Or(err, unread)
}

// index reads how runs have ended, unless what was read last is still good. With
// an indexError it is what was read last.
func (c *Reader) index(ctx context.Context, r *layout.Record, jobs JobRuns) (map[layout.RunRef]Run, error) {
	ended, packedOn := 0, false
	for _, run := range jobs {
		if run.State.Ended() {
			ended++
		} else {
			packedOn = packedOn || run.packed
		}
	}
	c.seen.mu.Lock()
	have, known := c.seen.index[r.ID]
	c.seen.mu.Unlock()
	stand := [2]int{len(jobs), ended}
	switch {
	case ended == 0 && !packedOn && len(jobs) >= r.Total:
		return nil, nil // no run has ended
	case known && have.jobs == stand && !packedOn && time.Since(have.since) < trustIndex:
		return have.runs, nil
	}
	s, err := c.records.OpenToRead(ctx)
	if err != nil {
		return have.runs, &indexError{fmt.Errorf("the store cannot be read, so runs whose Jobs are gone count as missing: %w", err)}
	}
	now := readIndex{runs: map[layout.RunRef]Run{}, jobs: stand, since: time.Now()}
	for object, err := range s.List(ctx, layout.CampaignIndex(r.ID), store.ListOptions{}) {
		if err != nil {
			return have.runs, &indexError{fmt.Errorf("the index of campaign %s cannot be read, so runs whose Jobs are gone may count as missing: %w", r.ID, err)}
		}
		if config, n, outcome, ok := layout.ParseRunIndex(r.ID, object.Key); ok {
			ref := layout.RunRef{Config: config, Run: n}
			// Of two entries for one run, the later one is right.
			if old, twice := now.runs[ref]; !twice || object.Modified.After(old.ended) {
				now.runs[ref] = Run{State: outcome.State, Cause: outcome.Cause, ended: object.Modified}
			}
		}
	}
	c.seen.mu.Lock()
	defer c.seen.mu.Unlock()
	if c.seen.index == nil {
		c.seen.index = map[string]readIndex{}
	}
	c.seen.index[r.ID] = now
	return now.runs, nil
}

// podReasons returns why these runs failed or do not start, by the pods of
// their Jobs. A Job that has failed does not change any more, so its pods are
// read once.
func (c *Reader) podReasons(ctx context.Context, r *layout.Record, runs []Run) (map[types.UID]Run, error) {
	out := make(map[types.UID]Run, len(runs))
	failed := map[types.UID]bool{}
	var unknown []*batchv1.Job
	c.seen.mu.Lock()
	for _, run := range runs {
		if why, ok := c.seen.pods[run.Job]; ok {
			out[run.Job] = why
			continue
		}
		if _, twice := failed[run.Job]; twice {
			continue
		}
		failed[run.Job] = run.State == api.Failed
		unknown = append(unknown, run.unexplained)
	}
	c.seen.mu.Unlock()
	byPod, err := c.tasks.ExplainJobs(ctx, c.conn.Namespace, kube.LabelCampaign+"="+kube.LabelValue(r.ID), unknown)
	for uid, status := range byPod {
		why := Run{State: status.State, saving: status.Saving, reason: status.Reason}
		if d := status.Diagnosis; d != nil {
			why.Cause, why.reason = d.Cause, d.Message
		}
		out[uid] = why
	}
	c.seen.mu.Lock()
	defer c.seen.mu.Unlock()
	if c.seen.pods == nil {
		c.seen.pods = map[types.UID]Run{}
	}
	for uid, why := range out {
		if failed[uid] {
			c.seen.pods[uid] = why
		}
	}
	return out, err
}

// giveReasons sets the reasons of the examples that have none, from the
// result's inventory. It is one small request for each kind of failure, once.
func (c *Reader) giveReasons(ctx context.Context, id string, groups []api.FailureGroup) {
	for i := range groups {
		g := &groups[i]
		ref, ok := parseRun(g.Example)
		if !ok || g.Reason != "" {
			continue
		}
		prefix := layout.RunPrefix(id, ref.Config, ref.Run)
		c.seen.mu.Lock()
		words, known := c.seen.reasons[prefix]
		c.seen.mu.Unlock()
		if !known {
			if m := c.inventory(ctx, prefix); m != nil {
				words = m.Outcome.Message
				c.seen.mu.Lock()
				if c.seen.reasons == nil {
					c.seen.reasons = map[string]string{}
				}
				c.seen.reasons[prefix] = words
				c.seen.mu.Unlock()
			}
		}
		g.Reason = words
	}
}

// inventory reads a result's inventory, or returns nil.
func (c *Reader) inventory(ctx context.Context, prefix string) *layout.Inventory {
	s, err := c.records.OpenToRead(ctx)
	if err != nil {
		return nil
	}
	data, err := record.ReadObject(ctx, s, prefix+layout.InventoryFile)
	if err != nil {
		return nil
	}
	m := &layout.Inventory{}
	if json.Unmarshal(data, m) != nil {
		return nil
	}
	return m
}
