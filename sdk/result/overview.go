package result

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/keep"
	"github.com/kubevast/vast/sdk/store"
)

// overview is all that is kept for a user: tasks first, then campaigns.
func (s *session) overview(ctx context.Context, o api.ResultOptions) ([]api.Result, error) {
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
			return r.State == api.Succeeded || r.State == api.Rejected || r.State != "" && !r.State.Ended()
		})
	}
	return all, err
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
// What lacks a manifest and a Job may be anybody's, and is not hidden.
func (s *session) tasks(ctx context.Context, user string) ([]api.Result, error) {
	ids, err := s.folders(ctx, keep.Tasks, "")
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
	if err := s.readManifests(ctx, units); err != nil {
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
	ids, err := s.folders(ctx, keep.Campaigns, "")
	if err != nil {
		return nil, err
	}
	found := make([]*api.Result, len(ids))
	foreign := make([]bool, len(ids)) // a store may serve several namespaces
	group, reading := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i, id := range ids {
		group.Go(func() (err error) {
			found[i], err = s.campaign(reading, id, user)
			if foreign[i] = errors.As(err, new(*api.Conflict)); foreign[i] {
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
	s.markRunning(ctx, found)
	results := make([]api.Result, 0, len(ids))
	for _, r := range found {
		if r != nil {
			results = append(results, *r)
		}
	}
	return results, nil
}

// markRunning tells the campaigns that go on from those that lack runs for good.
// Who may not list Jobs is told less.
func (s *session) markRunning(ctx context.Context, campaigns []*api.Result) {
	group, grouped := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, r := range campaigns {
		if r == nil || r.Complete {
			continue
		}
		group.Go(func() error {
			state, err := s.goesOn(grouped, r.Campaign)
			if state != "" {
				r.State = state
			}
			return err
		})
	}
	if err := group.Wait(); err != nil && ctx.Err() == nil {
		s.conn.Warn("whether the incomplete campaigns still run is not known: " + err.Error())
	}
}

// campaign sums one up by its record and its index; nil for another user's.
func (s *session) campaign(ctx context.Context, id, user string) (*api.Result, error) {
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
		if there, err := s.holds(ctx, keep.CampaignPrefix(id)); err != nil || !there {
			return nil, err
		}
	}
	r := &api.Result{TypeMeta: api.TypeMeta(api.KindResult), ObjectMeta: metav1.ObjectMeta{Name: id, Namespace: s.conn.Namespace},
		Campaign: id, User: record.User, StartTime: moment(record.Created)}
	count := map[api.State]int{}
	for _, o := range outcomes {
		count[o.State]++
	}
	r.Complete = record.Total > 0 && len(outcomes) >= record.Total
	switch {
	case r.Complete && count[api.Failed] > 0:
		r.State = api.Failed
	case r.Complete && count[api.Stopped] > 0:
		r.State = api.Stopped
	case r.Complete:
		r.State = api.Succeeded
	case record.Stopped:
		r.State = api.Stopped
	}
	r.Reason = countWords(record.Total, len(outcomes), count)
	return r, nil
}

// holds reports an object below a prefix: SeaweedFS lists an empty folder for some
// minutes after its last object was deleted.
func (s *session) holds(ctx context.Context, prefix string) (bool, error) {
	for _, err := range s.store.List(ctx, prefix, store.ListOptions{}) {
		return err == nil, err
	}
	return false, nil
}

// countWords says how many runs are kept: "24 of 26 runs: 22 succeeded, 2 failed".
func countWords(total, have int, count map[api.State]int) string {
	words := fmt.Sprintf("%d of %d runs", have, max(total, have))
	var parts []string
	for _, state := range []api.State{api.Succeeded, api.Rejected, api.Failed, api.Stopped} {
		if count[state] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count[state], strings.ToLower(string(state))))
		}
	}
	if len(parts) == 0 {
		return words
	}
	return words + ": " + strings.Join(parts, ", ")
}

// record is a campaign's; an empty one where it has none. That of something else
// is *api.Conflict.
func (s *session) record(ctx context.Context, id string) (*keep.Record, error) {
	body, _, err := s.store.Get(ctx, keep.RecordKey(id), 0)
	if isNotFound(err) {
		return &keep.Record{ID: id}, nil
	}
	if err != nil {
		return nil, err
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, keep.MaxRecord))
	if err != nil {
		return nil, err
	}
	record, err := keep.ParseRecord(data)
	if err != nil {
		return &keep.Record{ID: id}, nil // a newer program's
	}
	if err := record.Belongs(id, s.conn.Namespace, "the store's copy of its record"); err != nil {
		return nil, err
	}
	return record, nil
}
