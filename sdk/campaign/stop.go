package campaign

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/rights"
	"github.com/kubevast/vast/sdk/store"
)

// Stop implements sdk.Campaign. The record says it first, so that nobody makes
// more Jobs; then those that wait are stopped, or each end of a run would let in
// another one.
func (c *Client) Stop(ctx context.Context, ref string, o api.StopOptions) (*api.Campaign, error) {
	r, err := c.mine(ctx, ref, append(rights.Each(jobsResource, "list", "patch"), rights.Each("configmaps", "patch")...)...)
	if err != nil {
		return nil, err
	}
	user, err := c.conn.User(ctx)
	if err != nil {
		return nil, err
	}
	if o.DryRun == api.DryRunNone && !r.Stopped {
		done, err := c.settled(ctx, r)
		if err != nil {
			return nil, err
		}
		if !done {
			if _, err := c.change(ctx, c.storeIfAny(ctx), r.ID, func(r *Record) { r.Stopped, r.StoppedBy = true, user }); err != nil {
				return nil, err
			}
		}
	}
	var jobs []*batchv1.Job
	err = c.eachJob(ctx, r.ID, func(job *batchv1.Job, s *api.TaskStatus) {
		if !s.State.Ended() {
			jobs = append(jobs, job.DeepCopy())
		}
	})
	if err != nil {
		return nil, err
	}
	waits := func(job *batchv1.Job) int {
		if ptr.Deref(job.Spec.Suspend, false) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(jobs, func(a, b *batchv1.Job) int { return cmp.Compare(waits(a), waits(b)) })
	if o.DryRun == api.DryRunClient {
		return c.one(ctx, r.ID)
	}
	// One that cannot be stopped is no reason to let the others run.
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, job := range jobs {
		group.Go(func() error { return c.tasks.StopJob(ctx, job, user, o) })
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("not all of its Jobs could be stopped, run it again: %w", err)
	}
	return c.one(ctx, r.ID)
}

// settled reports that every run of a campaign has ended: there is nothing left
// to stop, and the campaign stays what it became.
func (c *Client) settled(ctx context.Context, r *Record) (bool, error) {
	now, err := c.one(ctx, r.ID)
	return now != nil && now.State.Ended(), err
}

// mine finds the campaign that ref names for somebody who is going to change
// it, and asks at the same time whether he may.
func (c *Client) mine(ctx context.Context, ref string, needed ...rights.Right) (*Record, error) {
	if ref == "" {
		return nil, api.Invalid("", "no campaign named; give its id, see: kubectl vast campaign list")
	}
	var group errgroup.Group
	group.Go(func() error { return c.rights.Require(ctx, needed...) })
	found, absent, err := c.named(ctx, api.MonitorOptions{IDs: []string{ref}})
	if err := cmp.Or(err, absent, group.Wait()); err != nil {
		return nil, err
	}
	return found[0], nil
}

// one is a campaign as it stands now.
func (c *Client) one(ctx context.Context, id string) (*api.Campaign, error) {
	list, err := c.Monitor(ctx, api.MonitorOptions{IDs: []string{id}})
	if err != nil {
		return nil, err
	}
	return &list.Items[0], nil
}

// storeIfAny is the store, or nil where there is no way to it: a campaign can
// be stopped and held all the same.
func (c *Client) storeIfAny(ctx context.Context) store.Backend {
	b, err := c.openStore(ctx)
	if err != nil {
		return nil
	}
	return b
}
