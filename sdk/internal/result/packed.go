package result

import (
	"context"
	"strings"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
)

// Runs that are packed into one Job have its logs in common. Those lie by the
// Job's name, which ends in its id.

// packs are the ids of the Jobs of packed runs, by the run's name, as package
// campaign makes them: each Job takes so many runs in the order of the record.
// Runs that have a Job each are not in it.
func (s *session) packs(ctx context.Context, campaign string) (map[string]string, error) {
	r, err := s.record(ctx, campaign)
	if err != nil || r.RunsPerJob < 2 {
		return nil, err
	}
	ids := make(map[string]string, r.Total)
	n, id := 0, ""
	for ref := range r.All() {
		if n%r.RunsPerJob == 0 {
			id = kube.PackedID(r.ID, n/r.RunsPerJob)
		}
		ids[r.ID+"/"+ref.String()] = id
		n++
	}
	return ids, nil
}

// packedLogs is where the logs of a packed run's Job lie: by its inventory, and
// without one by the record. It is empty where there are none.
func (s *session) packedLogs(ctx context.Context, u *unit) (string, error) {
	switch {
	case u.inventory != nil:
		return u.inventory.LogPrefix, nil
	case u.Campaign == "":
		return "", nil
	}
	ids, err := s.packs(ctx, u.Campaign)
	if err != nil || ids[u.name()] == "" {
		return "", err
	}
	jobs, err := s.folders(ctx, layout.JobsPrefix(u.Campaign), "")
	for _, job := range jobs {
		if idOfJob(job) == ids[u.name()] {
			return layout.JobPrefix(u.Campaign, job) + layout.LogDir, nil
		}
	}
	return "", err
}

// commonLogs are the keys of what the Jobs of these runs keep for all their runs
// together, of those Jobs that have no other run left.
func (s *session) commonLogs(ctx context.Context, campaign string, gone []*unit) ([]string, error) {
	ids, err := s.packs(ctx, campaign)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	left, err := s.scan(ctx, place{campaign: campaign, rank: -1, run: -1})
	if err != nil {
		return nil, err
	}
	orphaned := map[string]bool{}
	removed := make(map[string]bool, len(gone))
	for _, u := range gone {
		removed[u.name()], orphaned[ids[u.name()]] = true, true
	}
	for _, u := range left {
		if !removed[u.name()] {
			delete(orphaned, ids[u.name()])
		}
	}
	delete(orphaned, "") // runs that the record does not have
	var keys []string
	for o, err := range s.store.List(ctx, layout.JobsPrefix(campaign), store.ListOptions{}) {
		if err != nil {
			return nil, err
		}
		if job, _, _ := strings.Cut(strings.TrimPrefix(o.Key, layout.JobsPrefix(campaign)), "/"); orphaned[idOfJob(job)] {
			keys = append(keys, o.Key)
		}
	}
	return keys, nil
}
