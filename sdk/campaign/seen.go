package campaign

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevast/vast/sdk/access"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/keep"
	"github.com/kubevast/vast/sdk/kube"
	"github.com/kubevast/vast/sdk/store"
	"github.com/kubevast/vast/sdk/tunnel"
)

// trustIndex is how long an index is not read again while no Job tells that a
// run has ended.
const trustIndex = 30 * time.Second

// seen is what one look at a campaign leaves for the next one: who looks every
// two seconds reads only what can have changed. The zero value is ready.
type seen struct {
	mu      sync.Mutex
	store   store.Backend
	index   map[string]readIndex // by campaign
	pods    map[types.UID]run    // what pods told, by the Job
	reasons map[string]string    // by the result's prefix
	images  map[string]string    // by campaign; "" where nobody knows
	queued  map[string]readQueue // by campaign
}

// readIndex is a campaign's index as it was read at a time, when its Jobs stood so.
type readIndex struct {
	runs  map[keep.RunRef]run
	jobs  [2]int // all, and those that have ended
	since time.Time
}

// open returns the store, which is opened once.
func (s *seen) open(ctx context.Context, conn *access.Conn) (store.Backend, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.store == nil {
		opened, err := tunnel.Open(ctx, conn)
		if err != nil {
			return nil, err
		}
		s.store = opened
	}
	return s.store, nil
}

// openStore is open with a warning where there is no way to the store.
func (s *seen) openStore(ctx context.Context, conn *access.Conn) store.Backend {
	opened, err := s.open(ctx, conn)
	if err != nil && ctx.Err() == nil {
		conn.Warn(fmt.Sprintf("the store cannot be read, so runs whose Jobs are gone count as missing: %v", err))
	}
	return opened
}

// merged are all runs of a campaign of which anything is known.
func (c *Client) merged(ctx context.Context, r *Record, jobs jobRuns) (map[keep.RunRef]run, error) {
	index := c.index(ctx, r, jobs)
	runs := make(map[keep.RunRef]run, max(len(jobs), len(index)))
	var unexplained []run
	for ref, job := range jobs {
		var indexed *run
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
		return runs, nil
	}
	told, err := c.podsTell(ctx, r, unexplained)
	for ref, run := range runs {
		if run.unexplained != nil {
			why := told[run.job]
			run.cause, run.reason, run.unexplained = why.cause, why.reason, nil
			runs[ref] = run
		}
	}
	return runs, err
}

// index reads how runs have ended, unless what was read last is still good.
func (c *Client) index(ctx context.Context, r *Record, jobs jobRuns) map[keep.RunRef]run {
	ended, packedOn := 0, false
	for _, run := range jobs {
		if run.state.Ended() {
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
		return nil // no run has ended
	case known && have.jobs == stand && !packedOn && time.Since(have.since) < trustIndex:
		return have.runs
	}
	s := c.seen.openStore(ctx, c.conn)
	if s == nil {
		return have.runs
	}
	now := readIndex{runs: map[keep.RunRef]run{}, jobs: stand, since: time.Now()}
	for object, err := range s.List(ctx, keep.CampaignIndex(r.ID), store.ListOptions{}) {
		if err != nil {
			if ctx.Err() == nil {
				c.conn.Warn(fmt.Sprintf("the index of campaign %s cannot be read, so runs whose Jobs are gone may count as missing: %v", r.ID, err))
			}
			return have.runs
		}
		if config, n, outcome, ok := keep.ParseRunIndex(r.ID, object.Key); ok {
			ref := keep.RunRef{Config: config, Run: n}
			// Of two that tell of one run, the later one is right.
			if old, twice := now.runs[ref]; !twice || object.Modified.After(old.ended) {
				now.runs[ref] = run{state: outcome.State, cause: outcome.Cause, ended: object.Modified}
			}
		}
	}
	c.seen.mu.Lock()
	defer c.seen.mu.Unlock()
	if c.seen.index == nil {
		c.seen.index = map[string]readIndex{}
	}
	c.seen.index[r.ID] = now
	return now.runs
}

// podsTell returns why these runs failed or do not start, by what the pods of
// their Jobs tell. A Job that has failed does not change any more, so it is
// asked for once.
func (c *Client) podsTell(ctx context.Context, r *Record, runs []run) (map[types.UID]run, error) {
	out := make(map[types.UID]run, len(runs))
	failed := map[types.UID]bool{}
	var unknown []*batchv1.Job
	c.seen.mu.Lock()
	for _, run := range runs {
		if why, ok := c.seen.pods[run.job]; ok {
			out[run.job] = why
			continue
		}
		failed[run.job] = run.state == api.Failed
		unknown = append(unknown, run.unexplained)
	}
	c.seen.mu.Unlock()
	told, err := c.tasks.ExplainJobs(ctx, c.conn.Namespace, kube.LabelCampaign+"="+kube.LabelValue(r.ID), unknown)
	for uid, status := range told {
		why := run{reason: status.Reason}
		if d := status.Diagnosis; d != nil {
			why.cause, why.reason = d.Cause, d.Message
		}
		out[uid] = why
	}
	c.seen.mu.Lock()
	defer c.seen.mu.Unlock()
	if c.seen.pods == nil {
		c.seen.pods = map[types.UID]run{}
	}
	for uid, why := range out {
		if failed[uid] {
			c.seen.pods[uid] = why
		}
	}
	return out, err
}

// giveReasons puts words to the examples that have none: those of the result's
// manifest. It is one small request for each sort of failure, once.
func (c *Client) giveReasons(ctx context.Context, id string, groups []api.FailureGroup) {
	for i := range groups {
		g := &groups[i]
		ref, ok := parseRun(g.Example)
		if !ok || g.Reason != "" {
			continue
		}
		prefix := keep.RunPrefix(id, ref.Config, ref.Run)
		c.seen.mu.Lock()
		words, known := c.seen.reasons[prefix]
		c.seen.mu.Unlock()
		if !known {
			if m := c.manifest(ctx, prefix); m != nil {
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

// manifest reads a result's manifest, or returns nil.
func (c *Client) manifest(ctx context.Context, prefix string) *keep.Manifest {
	s := c.seen.openStore(ctx, c.conn)
	if s == nil {
		return nil
	}
	data, err := get(ctx, s, prefix+keep.ManifestFile)
	if err != nil {
		return nil
	}
	m := &keep.Manifest{}
	if json.Unmarshal(data, m) != nil {
		return nil
	}
	return m
}
