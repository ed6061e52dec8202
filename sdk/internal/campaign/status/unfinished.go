package status

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
)

// Unsubmitted returns the ids of the namespace's campaigns, of all users, whose
// submission is unfinished: they are not stopped, and not all of their runs are
// known. Their submission may use the store without any Job. If a store cannot
// be read, the Jobs alone decide.
func (c *Reader) Unsubmitted(ctx context.Context) ([]string, error) {
	sel, err := c.records.Selector(ctx, kube.KindCampaign, nil, true)
	if err != nil {
		return nil, err
	}
	var begun []*layout.Record
	var ids, out []string
	err = c.records.Each(ctx, sel, func(r *layout.Record) {
		if !r.Complete && !r.Stopped {
			begun, ids = append(begun, r), append(ids, r.ID)
		}
	})
	if err != nil || len(begun) == 0 {
		return nil, err
	}
	jobs, err := c.JobRuns(ctx, ids, true)
	if err != nil {
		return nil, err
	}
	for _, r := range begun {
		runs, err := c.Merge(ctx, r, jobs[r.ID])
		if unread := (*indexError)(nil); err != nil && !errors.As(err, &unread) {
			return nil, err
		}
		if len(runs) < r.Total {
			out = append(out, r.ID)
		}
	}
	return out, nil
}

// Standing returns how the campaigns stand whose records the cluster has, by their
// ids, as Monitor does but for what waits and why runs failed: for who lists what
// the store has of them. It reads the index in b, which is the store of conn's
// namespace, and changes nothing.
func (c *Reader) Standing(ctx context.Context, conn *access.Conn, b store.Backend, allUsers bool) (map[string]*api.Campaign, error) {
	look := New(record.NewWithStore(conn, b), c.tasks, c.queues)
	records, jobs, _, err := look.Read(ctx, api.CampaignListOptions{AllUsers: allUsers, Ended: true}, false)
	if err != nil {
		return nil, err
	}
	now, items := time.Now(), make([]*api.Campaign, len(records))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(looksAtOnce)
	for i, r := range records {
		group.Go(func() (err error) {
			items[i], _, err = look.counted(ctx, r, jobs[r.ID], now, api.DryRunClient)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	out := make(map[string]*api.Campaign, len(items))
	for _, item := range items {
		out[item.ID] = item
	}
	return out, nil
}
