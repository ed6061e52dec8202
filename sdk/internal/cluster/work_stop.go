package cluster

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/sdk/api"
)

// atOnce is how many Jobs are stopped at a time.
const atOnce = 8

// stopWork ends all work of ours and waits until it has saved what it has. A
// campaign is stopped as a whole, so that nobody makes more Jobs of it. What is
// begun meanwhile is stopped, too.
func (c *Client) stopWork(ctx context.Context, r *run) error {
	s := &stopping{c: c, r: r, told: sets.New[string]()}
	return r.await(ctx, "work to end and to save what it has", s.look)
}

// stopping is the work of a namespace being stopped.
type stopping struct {
	c *Client
	r *run
	// told are the campaigns that were stopped as a whole.
	told sets.Set[string]
	// saving are the pods that are left when no Job goes on. As long as there
	// are no others it is enough to look at pods.
	saving sets.Set[types.UID]
}

// look stops what goes on, and says what has not ended.
func (s *stopping) look(ctx context.Context) (string, error) {
	if len(s.saving) > 0 {
		pods, err := s.c.livePods(ctx)
		if err != nil {
			return "", err
		}
		unseen := func(p part) bool { return !s.saving.Has(p.uid) }
		if len(pods) > 0 && !slices.ContainsFunc(pods, unseen) {
			return wordsForWork((&work{pods: pods}).items()), nil
		}
	}
	now, err := s.c.unfinished(ctx)
	if err != nil {
		return "", err
	}
	s.saving = nil
	if err := s.stop(ctx, now); err != nil {
		return "", err
	}
	if len(now.jobs) == 0 {
		s.saving = sets.New[types.UID]()
		for _, p := range now.pods {
			s.saving.Insert(p.uid)
		}
	}
	return wordsForWork(now.items()), nil
}

func (s *stopping) stop(ctx context.Context, now *work) error {
	user, err := s.c.conn.User(ctx)
	if err != nil {
		return err
	}
	o := api.TaskStopOptions{FieldManager: fieldManager}
	whole, err := s.stopCampaigns(ctx, now, o)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, p := range now.jobs {
		if whole.Has(p.of) {
			continue // the next look sees what is left of it
		}
		if p.of.kind != kindCampaign {
			s.r.say("stopping %s %s", p.of.kind, p.of.name)
		}
		group.Go(func() error { return s.c.tasks.StopJob(ctx, p.job, user, o) })
	}
	for _, p := range now.pods {
		if p.owner != "" || p.leaving {
			continue // it saves, and ends by itself
		}
		s.r.say("deleting pod %s", p.name)
		group.Go(func() error {
			err := s.c.conn.Kube.CoreV1().Pods(s.c.conn.Namespace).Delete(ctx, p.name,
				access.Exactly(p.uid, metav1.DeleteOptions{}))
			return s.c.conn.Deleted(err, "pods", p.name)
		})
	}
	return group.Wait()
}

// stopCampaigns stops each campaign that goes on, once, and returns them. Of one
// whose record is not there only the Jobs can be stopped.
func (s *stopping) stopCampaigns(ctx context.Context, now *work, o api.TaskStopOptions) (sets.Set[unit], error) {
	stopped := sets.New[unit]()
	for _, one := range now.items() {
		if one.Kind != kindCampaign || one.Saving || s.told.Has(one.Name) {
			continue
		}
		s.r.say("stopping %s", one)
		_, err := s.c.campaigns.Stop(ctx, one.Name, api.CampaignStopOptions(o))
		switch missing := (*api.NotFoundError)(nil); {
		case err == nil:
			stopped.Insert(unit{one.Kind, one.Name})
		case !errors.As(err, &missing):
			return nil, err
		}
		s.told.Insert(one.Name)
	}
	return stopped, nil
}
