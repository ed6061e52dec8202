package campaign

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

const (
	// recent is how long an ended campaign is shown to who names none.
	recent = 24 * time.Hour
	// looksAtOnce is how many campaigns' indexes are read side by side.
	looksAtOnce = 8
)

// Monitor implements sdk.Campaign.
//
// It reads the records and the Jobs of all campaigns by one listing each, and
// where runs have ended since it was last called, each campaign's index in the
// store by one more; never a run by a request of its own. Pods are asked only
// for what neither Jobs nor index explain, events only where pods are lacking, and
// the queue for what waits in it twice a minute. A store that cannot be read is a
// warning: then only those Jobs are counted that are still there.
func (c *Client) Monitor(ctx context.Context, o api.MonitorOptions) (*api.CampaignList, error) {
	if o.AllNamespaces {
		return c.everywhere(ctx, o)
	}
	return c.monitor(ctx, o, api.DryRunNone)
}

// monitor is Monitor; in a dry run what it finds out is not written down.
func (c *Client) monitor(ctx context.Context, o api.MonitorOptions, d api.DryRun) (*api.CampaignList, error) {
	if o.Brief {
		return c.brief(ctx, o)
	}
	records, jobs, missing, err := c.read(ctx, o, false)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	records = slices.DeleteFunc(records, func(r *Record) bool {
		over := r.Complete || r.Stopped
		return len(o.IDs) == 0 && !o.Ended && over && now.Sub(r.Created) > recent && !jobs[r.ID].active() && !c.seen.before(r.ID)
	})
	c.seen.show(records)
	slices.SortFunc(records, older)
	list := &api.CampaignList{TypeMeta: api.TypeMeta(api.KindCampaignList), Items: make([]api.Campaign, len(records))}
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
func (c *Client) brief(ctx context.Context, o api.MonitorOptions) (*api.CampaignList, error) {
	records, missing, err := c.named(ctx, o, false)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(records, older)
	list := &api.CampaignList{TypeMeta: api.TypeMeta(api.KindCampaignList), Items: make([]api.Campaign, len(records))}
	for i, r := range records {
		list.Items[i] = fromRecord(r)
		c.name(&list.Items[i], r)
	}
	return list, missing
}

// fromRecord is what the record alone tells of a campaign.
func fromRecord(r *Record) api.Campaign {
	return api.Campaign{
		TypeMeta: api.TypeMeta(api.KindCampaign),
		ID:       r.ID, User: r.User, Context: r.Context, RerunOf: r.RerunOf,
		Image: r.Image, ImageID: r.ImageID, Queue: r.Queue, Configs: r.ConfigCount,
	}
}

// name gives a campaign the metadata of its record.
func (c *Client) name(item *api.Campaign, r *Record) {
	item.Name, item.Namespace, item.CreationTimestamp = r.ID, c.conn.Namespace, metav1.NewTime(r.Created)
}

func older(a, b *Record) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID)) }

// look returns one campaign as it stands; jobs are its runs that have Jobs.
func (c *Client) look(ctx context.Context, r *Record, jobs jobRuns, o api.MonitorOptions, now time.Time, d api.DryRun) (*api.Campaign, error) {
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
func (c *Client) counted(ctx context.Context, r *Record, jobs jobRuns, now time.Time, d api.DryRun) (*api.Campaign, map[layout.RunRef]run, error) {
	runs, err := c.merged(ctx, r, jobs)
	unread := (*unreadIndex)(nil)
	if errors.As(err, &unread) {
		c.conn.Warn(unread.Error())
	} else if err != nil {
		return nil, nil, err
	}
	c.noteWhole(ctx, r, len(runs), d)
	item := count(r, runs, now)
	if unread != nil && len(runs) < item.Runs.Total && item.State.Ended() {
		item.State, item.EndTime = api.CampaignUnknown, nil
	}
	c.name(&item, r)
	return &item, runs, nil
}

// Standing returns how the campaigns stand whose records the cluster has, by their
// ids, as Monitor does but for what waits and why runs failed: for who lists what
// the store has of them. It reads the index in b, which is the store of conn's
// namespace, and changes nothing.
func (c *Client) Standing(ctx context.Context, conn *access.Conn, b store.Backend, allUsers bool) (map[string]*api.Campaign, error) {
	look := New(conn, c.tasks, c.queues)
	look.seen.opened.store = b
	records, jobs, _, err := look.read(ctx, api.MonitorOptions{AllUsers: allUsers, Ended: true}, false)
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

// read returns the records that o means and the runs that have Jobs, by the
// campaign's id. Both are asked for at the same time, unless only the records
// tell which Jobs are meant. changes says that something is going to be done to
// them.
func (c *Client) read(ctx context.Context, o api.MonitorOptions, changes bool) (records []*Record, jobs map[string]jobRuns, missing, err error) {
	if o.IDs, err = c.namesOf(o.IDs); err != nil {
		return nil, nil, nil, err
	}
	var both sync.WaitGroup
	var jobsErr error
	readJobs := func(ids []string) {
		both.Go(func() { jobs, jobsErr = c.jobRuns(ctx, ids, o.AllUsers) })
	}
	whole := allWhole(o.IDs)
	if whole {
		readJobs(o.IDs)
	}
	records, missing, err = c.named(ctx, o, changes)
	if !whole && len(records) > 0 {
		var ids []string
		for _, r := range records {
			ids = append(ids, r.ID)
		}
		readJobs(ids)
	}
	both.Wait()
	return records, jobs, missing, cmp.Or(err, jobsErr)
}

// jobRuns are the runs of one campaign that have Jobs.
type jobRuns map[layout.RunRef]run

// active reports whether some of them have not ended.
func (j jobRuns) active() bool {
	for _, run := range j {
		if !run.state.Ended() {
			return true
		}
	}
	return false
}

// jobRuns reads the Jobs of these campaigns; of none in particular: of the
// caller's own or of all.
func (c *Client) jobRuns(ctx context.Context, ids []string, allUsers bool) (map[string]jobRuns, error) {
	sel, err := c.selector(ctx, kube.KindRun, ids, allUsers)
	if err != nil {
		return nil, err
	}
	all := map[string]jobRuns{}
	err = c.tasks.EachJob(ctx, c.conn.Namespace, sel, func(job *batchv1.Job, s *api.TaskStatus) {
		id := job.Annotations[kube.AnnotationCampaign]
		if job.Labels[kube.LabelCampaign] != kube.LabelValue(id) {
			return // nobody can say whose it is
		}
		if all[id] == nil {
			all[id] = jobRuns{}
		}
		one := fromJob(job, s)
		for _, ref := range runsOf(job) {
			all[id][ref] = one
		}
	})
	return all, err
}

// activity is how far the runs are that go on, in the order of their names. Of
// a Job of packed runs one speaks for all.
func (c *Client) activity(ctx context.Context, r *Record, runs map[layout.RunRef]run) []api.RunProgress {
	told := c.tasks.Progress(ctx, c.conn.Namespace, map[string]string{kube.LabelCampaign: kube.LabelValue(r.ID)})
	var refs []layout.RunRef
	for ref, run := range runs {
		if _, ok := told[run.taskID]; ok && !run.state.Ended() {
			refs = append(refs, ref)
		}
	}
	slices.SortFunc(refs, compareRuns)
	var out []api.RunProgress
	for _, ref := range refs {
		id := runs[ref].taskID
		if p, ok := told[id]; ok {
			delete(told, id)
			out = append(out, api.RunProgress{Run: ref.String(), TaskID: id, Progress: p})
		}
	}
	return out
}
