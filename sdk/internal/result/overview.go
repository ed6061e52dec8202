package result

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// overview is all that is kept for a user, the newest first.
func (s *session) overview(ctx context.Context, o api.ResultListOptions) ([]api.Result, error) {
	user := ""
	if !o.AllUsers {
		var err error
		if user, err = s.conn.User(ctx); err != nil {
			return nil, err
		}
	}
	all, err := s.everything(ctx, user)
	if o.Failed {
		all = slices.DeleteFunc(all, func(r api.Result) bool {
			return r.State == api.Succeeded || r.State == api.Rejected || s.active[r.Campaign] || r.Campaign == "" && r.State != "" && !r.State.Ended()
		})
	}
	slices.SortStableFunc(all, newestFirst)
	return all, err
}

func newestFirst(a, b api.Result) int { return began(b).Compare(began(a)) }

// began is when the work began that a result is of, or, of what broke off, when it
// was last saved.
func began(r api.Result) time.Time {
	switch {
	case r.StartTime != nil:
		return r.StartTime.Time
	case r.EndTime != nil:
		return r.EndTime.Time
	}
	return r.CreationTimestamp.Time
}

// everything is what is kept for a user; for everybody without one.
func (s *session) everything(ctx context.Context, user string) ([]api.Result, error) {
	var tasks, campaigns []api.Result
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		tasks, err = s.tasks(ctx, user)
		return err
	})
	group.Go(func() (err error) {
		campaigns, err = s.campaigns(ctx, user)
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return append(tasks, campaigns...), nil
}

// tasks are the results of all tasks of a user; of everybody's without one.
// What lacks an inventory and a Job may be anybody's, and is not hidden.
func (s *session) tasks(ctx context.Context, user string) ([]api.Result, error) {
	ids, err := s.folders(ctx, layout.Tasks, "")
	if err != nil {
		return nil, err
	}
	found := make([][]*unit, len(ids))
	group, scanning := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i, id := range ids {
		group.Go(func() (err error) {
			found[i], err = s.scan(scanning, place{task: id, rank: -1, run: -1})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	units := slices.Concat(found...)
	if err := s.readInventories(ctx, units); err != nil {
		return nil, err
	}
	s.ask(ctx, place{}, units)
	results := make([]api.Result, 0, len(units))
	for _, u := range units {
		if r := u.result(s.conn.Namespace); user == "" || r.User == "" || r.User == user {
			results = append(results, r)
		}
	}
	return results, nil
}

// campaigns are those of a user; everybody's without one.
func (s *session) campaigns(ctx context.Context, user string) ([]api.Result, error) {
	ids, err := s.folders(ctx, layout.Campaigns, "")
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	known := s.known(ctx, user == "")
	found := make([]*api.Result, len(ids))
	foreign := make([]bool, len(ids)) // a store may serve several namespaces
	group, reading := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i, id := range ids {
		group.Go(func() (err error) {
			if c := known[id]; c != nil {
				found[i] = s.ofCampaign(c)
				return nil
			}
			found[i], err = s.campaign(reading, id, user)
			if foreign[i] = errors.As(err, new(*api.ConflictError)); foreign[i] {
				return nil
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var others []string
	for i, id := range ids {
		if foreign[i] {
			others = append(others, id)
		}
	}
	if len(others) > 0 {
		s.conn.Warn(fmt.Sprintf("left out, since their records in the store are of other namespaces or other campaigns: %s", some(others)))
	}
	results := make([]api.Result, 0, len(ids))
	for _, r := range found {
		if r != nil {
			results = append(results, *r)
		}
	}
	return results, nil
}

// known is the state of the campaigns in the cluster, by their ids. Without the
// right to list them they are read from the store.
func (s *session) known(ctx context.Context, allUsers bool) map[string]*api.Campaign {
	if s.standing == nil {
		return nil
	}
	known, err := s.standing(ctx, s.conn, s.store, allUsers)
	if err != nil && !errors.As(err, new(*api.ForbiddenError)) && ctx.Err() == nil {
		s.conn.Warn("how the campaigns stand is known from the store alone: " + err.Error())
	}
	return known
}

// ofCampaign is a whole campaign as one result.
func (s *session) ofCampaign(c *api.Campaign) *api.Result {
	n := c.Runs
	if n.Running+n.Saving+n.Pending+n.Queued > 0 {
		s.goesOn(c.ID)
	}
	return &api.Result{TypeMeta: api.TypeMeta[api.Result](), ObjectMeta: metav1.ObjectMeta{Name: c.ID, Namespace: s.conn.Namespace},
		Campaign: c.ID, User: c.User, StartTime: moment(c.CreationTimestamp.Time), EndTime: c.EndTime,
		Complete: c.State.Ended(), State: api.State(c.State), Reason: countWords(n)}
}

// goesOn notes a campaign with runs that have not ended.
func (s *session) goesOn(campaign string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.active == nil {
		s.active = map[string]bool{}
	}
	s.active[campaign] = true
}

// campaign is summed as one result; nil for another user's.
func (s *session) campaign(ctx context.Context, id, user string) (*api.Result, error) {
	c, err := s.summed(ctx, id, user)
	if c == nil || err != nil {
		return nil, err
	}
	return s.ofCampaign(c), nil
}

// summed sums a campaign up by its record and its index in the store, and by its Jobs;
// nil for another user's.
func (s *session) summed(ctx context.Context, id, user string) (*api.Campaign, error) {
	record, err := s.record(ctx, id)
	if err != nil {
		return nil, err
	}
	if user != "" && record.User != "" && record.User != user {
		return nil, nil
	}
	outcomes, err := s.outcomes(ctx, id)
	if err != nil {
		return nil, err
	}
	if record.Created.IsZero() && len(outcomes) == 0 {
		if there, err := s.holds(ctx, layout.CampaignPrefix(id)); err != nil || !there {
			return nil, err
		}
	}
	c := &api.Campaign{ID: id, User: record.User}
	c.CreationTimestamp = metav1.NewTime(record.Created)
	var last time.Time
	for _, o := range outcomes {
		layout.Note(&c.Runs, o.State, false)
		if o.at.After(last) {
			last = o.at
		}
	}
	if len(outcomes) < record.Total || record.Total == 0 {
		s.countJobs(ctx, id, outcomes, &c.Runs)
	}
	if c.State = record.Stand(&c.Runs); c.State.Ended() {
		c.EndTime = moment(last)
	}
	return c, nil
}

// holds reports an object below a prefix: SeaweedFS lists an empty folder for some
// minutes after its last object was deleted.
func (s *session) holds(ctx context.Context, prefix string) (bool, error) {
	for _, err := range s.store.List(ctx, prefix, store.ListOptions{}) {
		return err == nil, err
	}
	return false, nil
}

// countWords describes how many runs have ended: "24 of 26 runs: 22 succeeded,
// 2 failed".
func countWords(n api.RunCounts) string {
	words := fmt.Sprintf("%d of %d runs", n.Done(), n.Total)
	var parts []string
	for _, part := range []struct {
		state api.State
		count int
	}{{api.Succeeded, n.Succeeded}, {api.Rejected, n.Rejected}, {api.Failed, n.Failed}, {api.Stopped, n.Stopped}} {
		if part.count > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.count, strings.ToLower(string(part.state))))
		}
	}
	if len(parts) == 0 {
		return words
	}
	return words + ": " + strings.Join(parts, ", ")
}

// record is a campaign's; an empty one where it has none. That of something else
// is *api.ConflictError.
func (s *session) record(ctx context.Context, id string) (*layout.Record, error) {
	body, _, err := s.store.Get(ctx, layout.RecordKey(id), 0)
	if isNotFound(err) {
		return &layout.Record{ID: id}, nil
	}
	if err != nil {
		return nil, err
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, layout.MaxRecord))
	if err != nil {
		return nil, err
	}
	record, err := layout.ParseRecord(data)
	if err != nil {
		return &layout.Record{ID: id}, nil // a newer program's
	}
	if err := record.Belongs(id, s.conn.Namespace, "the store's copy of its record"); err != nil {
		return nil, err
	}
	return record, nil
}
