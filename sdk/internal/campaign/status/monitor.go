// Package status counts the runs of campaigns by their Jobs and by the index in
// the store, and lists campaigns.
package status

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
	"github.com/kubevast/vast/sdk/internal/queue"
	"github.com/kubevast/vast/sdk/internal/task"
)

const (
	// recent is how long an ended campaign is shown to who names none.
	recent = 24 * time.Hour
	// looksAtOnce is how many campaigns' indexes are read side by side.
	looksAtOnce = 8
)

// List implements sdk.Campaign.
//
// It reads the records and the Jobs of all campaigns by one listing each, and
// where runs have ended since it was last called, each campaign's index in the
// store by one more; never a run by a request of its own. Pods are listed only
// for what neither Jobs nor index explain, events only where pods are missing,
// and the queue for what waits in it twice a minute. A store that cannot be
// read is a warning: then only those Jobs are counted that still exist.
func (c *Reader) List(ctx context.Context, o api.CampaignListOptions) (*api.CampaignList, error) {
	if o.AllNamespaces {
		return c.everywhere(ctx, o)
	}
	return c.monitor(ctx, o, api.DryRunNone)
}

// statusClient reads the status of campaigns.
type Reader struct {
	conn    *access.Conn
	records *record.Client
	tasks   *task.Client
	queues  *queue.Client
	seen    seen
	whole   sync.Map // by campaign: all its runs have been seen
	others  sync.Map // clients for other namespaces, by these
}

func New(records *record.Client, tasks *task.Client, queues *queue.Client) *Reader {
	return &Reader{conn: records.Conn, records: records, tasks: tasks, queues: queues}
}

// monitor is Monitor; in a dry run what it finds out is not written down.
func (c *Reader) monitor(ctx context.Context, o api.CampaignListOptions, d api.DryRun) (*api.CampaignList, error) {
	if o.Brief {
		return c.brief(ctx, o)
	}
	records, jobs, missing, err := c.Read(ctx, o, false)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	records = slices.DeleteFunc(records, func(r *layout.Record) bool {
		over := r.Complete || r.Stopped
		return len(o.Refs) == 0 && !o.Ended && over && now.Sub(r.Created) > recent && !jobs[r.ID].active() && !c.seen.before(r.ID)
	})
	c.seen.show(records)
	slices.SortFunc(records, older)
	list := &api.CampaignList{TypeMeta: api.TypeMeta[api.CampaignList](), Items: make([]api.Campaign, len(records))}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(looksAtOnce)
	for i, r := range records {
		group.Go(func() error {
			item, err := c.look(groupCtx, r, jobs[r.ID], o, now, d)
			if err == nil {
				list.Items[i] = *item
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return list, missing
}

// brief is Monitor without a look at the runs.
func (c *Reader) brief(ctx context.Context, o api.CampaignListOptions) (*api.CampaignList, error) {
	records, missing, err := c.records.Find(ctx, o, false)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(records, older)
	list := &api.CampaignList{TypeMeta: api.TypeMeta[api.CampaignList](), Items: make([]api.Campaign, len(records))}
	for i, r := range records {
		list.Items[i] = fromRecord(r)
		c.name(&list.Items[i], r)
	}
	return list, missing
}

// name gives a campaign the metadata of its record.
func (c *Reader) name(item *api.Campaign, r *layout.Record) {
	item.Name, item.Namespace, item.CreationTimestamp = r.ID, c.conn.Namespace, metav1.NewTime(r.Created)
}

func older(a, b *layout.Record) int {
	return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
}

// look returns one campaign's current state; jobs are its runs that have Jobs.
func (c *Reader) look(ctx context.Context, r *layout.Record, jobs JobRuns, o api.CampaignListOptions, now time.Time, d api.DryRun) (*api.Campaign, error) {
	item, runs, err := c.counted(ctx, r, jobs, now, d)
	if err != nil {
		return nil, err
	}
	item.ImageID = c.imageID(ctx, r, runs, d)
	item.Waiting = c.waiting(ctx, r, runs)
	c.giveReasons(ctx, r.ID, item.Failures)
	if o.Progress && item.Runs.Running > 0 {
		item.Active = c.activity(ctx, r, runs)
	}
	return item, ctx.Err()
}

// counted is a campaign by the counts of its runs.
func (c *Reader) counted(ctx context.Context, r *layout.Record, jobs JobRuns, now time.Time, d api.DryRun) (*api.Campaign, map[layout.RunRef]Run, error) {
	runs, err := c.Merge(ctx, r, jobs)
	unread := (*indexError)(nil)
	if errors.As(err, &unread) {
		c.conn.Warn(unread.Error())
	} else if err != nil {
		return nil, nil, err
	}
	c.NoteComplete(ctx, r, len(runs), d)
	item := Count(r, runs, now)
	if unread != nil && len(runs) < item.Runs.Total && item.State.Ended() {
		item.State, item.EndTime = api.CampaignUnknown, nil
	}
	c.name(&item, r)
	return &item, runs, nil
}

// Current returns one campaign's current state.
func (c *Reader) Current(ctx context.Context, id string, d api.DryRun) (*api.Campaign, error) {
	list, err := c.monitor(ctx, api.CampaignListOptions{Refs: []string{id}}, d)
	if err != nil {
		return nil, err
	}
	return &list.Items[0], nil
}
