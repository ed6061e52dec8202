package cleanup

import (
	"cmp"
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
)

// noteEnds makes that a campaign's runs are counted right when its Jobs are
// gone: of what will be removed with its data nothing has to be noted.
func (c *Cleaner) noteEnds(ctx context.Context, l *leaving, o api.CampaignCleanupOptions) error {
	if o.Data {
		return nil
	}
	if !l.ended {
		// Removing an unfinished campaign stops it.
		user, err := c.conn.User(ctx)
		if err != nil {
			return err
		}
		_, err = c.records.Change(ctx, c.records.StoreIfAny(ctx), l.ID, api.DryRunNone, "", func(r *layout.Record) {
			if !r.Stopped {
				r.Stopped, r.StoppedBy = true, user
			}
		})
		if err != nil && !api.IsNotFound(err) { // its record is only in the store
			return err
		}
	}
	err := c.keepOutcomes(ctx, l)
	if err != nil && o.Force && ctx.Err() == nil {
		c.conn.Warn("how its runs ended is not kept: " + err.Error())
		return nil
	}
	return err
}

// keepOutcomes writes the outcomes of runs that only their Jobs have into the
// index. The agent writes one for every run with a pod, but a run may end
// before its pod has started: stopped in the queue, or without its image.
func (c *Cleaner) keepOutcomes(ctx context.Context, l *leaving) error {
	ended := map[layout.RunRef]layout.Outcome{}
	for ref := range l.jobs {
		run := l.runs[ref]
		o := layout.Outcome{State: run.State, Cause: run.Cause}
		if run.State == api.Failed {
			o.Cause = cmp.Or(o.Cause, api.CauseUnknown)
		}
		if run.State.Ended() {
			ended[ref] = o
		}
	}
	if len(ended) == 0 {
		return nil
	}
	b, err := c.records.OpenStore(ctx)
	if err != nil {
		return err
	}
	known, err := c.records.EndedRuns(ctx, b, l.ID)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(record.AtOnce)
	for ref, o := range ended {
		if _, ok := known[ref]; !ok {
			group.Go(func() error {
				return record.WriteObject(ctx, b, layout.IndexKey(layout.RunIndex(l.ID, ref.Config, ref.Run), o), nil)
			})
		}
	}
	return group.Wait()
}
