package driver

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/apiserver"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
)

// An attempt at a task that is a campaign is the ConfigMap with the record of the campaign,
// and the Jobs of its runs. The record is created when the task starts, and makes the attempt
// exist; it is complete when all Jobs were created, and stopped when no more may be. What
// follows from the record is done in the background, and again by the next driver: Jobs of one
// that is not complete are created, and those of one that is stopped are stopped.

// campaigns does in the background what the records of campaigns require.
type campaigns struct {
	work errgroup.Group
	mu   sync.Mutex
	busy map[workflow.Attempt]bool
}

// pursue begins what is to be done for the campaigns, and reports whether something is being
// done. It returns at once. The actor is one of its own: its run must not change.
func (c *campaigns) pursue(ctx context.Context, a *actor) (busy bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for at, what := range a.view.campaignWork(a.run.State, a.api.Now()) {
		if c.busy[at] {
			continue
		}
		c.busy[at] = true
		a.view.setBusy(at, true)
		c.work.Go(func() error {
			err := a.pursue(ctx, at, what)
			c.mu.Lock()
			delete(c.busy, at)
			c.mu.Unlock()
			a.view.setBusy(at, false)
			switch {
			case err == nil:
				a.view.wake()
			case ctx.Err() == nil:
				a.log("%s of the campaign of task %s: %v; trying again in %s", what, at.Task, err, maxPause)
				time.AfterFunc(maxPause, a.view.wake)
			}
			return nil
		})
	}
	return len(c.busy) > 0
}

// pursue does what is to be done for a campaign.
func (a *actor) pursue(ctx context.Context, at workflow.Attempt, what work) error {
	switch what {
	case stopJobs:
		return a.stopJobs(ctx, at)
	case exceeded:
		return a.stopCampaign(ctx, at, theWorkflow, string(api.CauseDeadline))
	default:
		return a.createJobs(ctx, at)
	}
}

// campaignActions removes the actions that the records of campaigns have already.
func (v *view) campaignActions(actions []workflow.Action) []workflow.Action {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.DeleteFunc(actions, func(action workflow.Action) bool {
		c := v.campaigns[workflow.Attempt{Task: action.Task, Number: action.Attempt}]
		return c != nil && c.uid != "" && (action.Kind == workflow.Start || c.stopped)
	})
}

// record returns the ConfigMap of an attempt as it is created.
func (a *actor) record(at workflow.Attempt) (*corev1.ConfigMap, error) {
	objects, err := a.objects(at)
	if err != nil {
		return nil, err
	}
	if len(objects.ConfigMaps) != 1 {
		return nil, fmt.Errorf("task %s has no record of a campaign", at.Task)
	}
	return &objects.ConfigMaps[0], nil
}

// startCampaign creates the record of an attempt. One that exists is adopted.
func (a *actor) startCampaign(ctx context.Context, at workflow.Attempt) error {
	want, err := a.record(at)
	if err != nil {
		return err
	}
	_, err = a.createRecord(ctx, want)
	return err
}

// createRecord creates a record, or returns the one of the run that exists.
func (a *actor) createRecord(ctx context.Context, want *corev1.ConfigMap) (*corev1.ConfigMap, error) {
	cm := &corev1.ConfigMap{}
	err := a.api.Send(ctx, http.MethodPost, a.core("configmaps"), want, cm)
	if apiserver.IsExisting(err) {
		err = a.api.Send(ctx, http.MethodGet, a.core("configmaps/"+want.Name), nil, cm)
	}
	if err != nil {
		return nil, err
	}
	if !a.run.IsOwned(cm) {
		return nil, fmt.Errorf("%w: ConfigMap %q", errConflict, want.Name)
	}
	return cm, a.view.putRecord(cm)
}

// stopCampaign records that a campaign is stopped, and by whom. With a reason the attempt has
// failed, and that is the cause. A campaign that has no record gets one, so that it cannot be started any more.
func (a *actor) stopCampaign(ctx context.Context, at workflow.Attempt, user, reason string) error {
	return a.changeRecord(ctx, at, reason, func(r *layout.Record) bool {
		if r.Stopped {
			return false
		}
		r.Stopped, r.StoppedBy = true, user
		return true
	})
}

// changeRecord changes the record of a campaign, unless change returns false, and adds a reason.
func (a *actor) changeRecord(ctx context.Context, at workflow.Attempt, reason string, change func(*layout.Record) bool) error {
	want, err := a.record(at)
	if err != nil {
		return err
	}
	for range stopTries {
		cm, err := a.createRecord(ctx, want)
		if err != nil {
			return err
		}
		r, err := record.CampaignOf(cm)
		if err != nil {
			return err
		}
		if !change(r) {
			return nil
		}
		fields := map[string]any{"metadata": map[string]any{"uid": cm.UID, "resourceVersion": cm.ResourceVersion}, "data": record.CampaignData(r)}
		if reason != "" {
			fields["metadata"].(map[string]any)["annotations"] = map[string]any{kube.AnnotationReason: reason}
		}
		changed := &corev1.ConfigMap{}
		err = a.patch(ctx, a.core("configmaps/"+cm.Name), fields, changed)
		if apiserver.Is(err, http.StatusConflict) || apiserver.Is(err, http.StatusNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		return a.view.putRecord(changed)
	}
	return fmt.Errorf("the record of the campaign, ConfigMap %q, changes all the time", want.Name)
}

// createJobs creates the Jobs of a campaign that do not exist, and then records that it is
// complete. It ends early if the campaign is stopped.
func (a *actor) createJobs(ctx context.Context, at workflow.Attempt) error {
	var g errgroup.Group
	g.SetLimit(atOnce)
	var (
		mu     sync.Mutex
		failed error
	)
	for job, err := range a.spec.CampaignJobs(a.run, at.Task, at.Number) {
		mu.Lock()
		if failed == nil {
			failed = err
		}
		end := failed != nil || ctx.Err() != nil
		mu.Unlock()
		if end || a.view.isStopped(at) {
			break
		}
		if a.view.hasJob(at, job.Name) {
			continue
		}
		g.Go(func() error {
			if err := a.createOrAdopt(ctx, job); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed = err
			}
			return nil
		})
	}
	_ = g.Wait() // they return no error
	switch {
	case a.view.isStopped(at):
		return nil
	case refusal(failed) != "":
		a.log("a Job of the campaign of task %s cannot be created: %v", at.Task, failed)
		return a.stopCampaign(ctx, at, theWorkflow, refusal(failed))
	case failed != nil:
		return failed
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return a.changeRecord(ctx, at, "", func(r *layout.Record) bool {
		if r.Complete || r.Stopped {
			return false
		}
		r.Complete = true
		return true
	})
}

// stopJobs stops the Jobs of a campaign that have not ended, those that wait first: otherwise
// the end of each running one would admit another one.
func (a *actor) stopJobs(ctx context.Context, at workflow.Attempt) error {
	jobs, user := a.view.stoppable(at)
	for _, suspended := range []bool{true, false} {
		var g errgroup.Group
		g.SetLimit(atOnce)
		for _, job := range jobs {
			if *job.Spec.Suspend == suspended {
				g.Go(func() error { return a.stopJob(ctx, job, user) })
			}
		}
		if err := g.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// stopJob stops a Job, whose metadata are those that were read last.
func (a *actor) stopJob(ctx context.Context, job *batchv1.Job, user string) error {
	for range stopTries {
		patch, err := kube.StopPatch(job, user, time.Now())
		if err != nil {
			return err
		}
		changed, err := a.patchJob(ctx, job.Name, patch)
		if err == nil {
			a.view.putJob(changed)
			return nil
		}
		if !apiserver.Is(err, http.StatusConflict) {
			if apiserver.Is(err, http.StatusNotFound) {
				return nil
			}
			return err
		}
		job, err = a.job(ctx, job.Name)
		switch {
		case apiserver.Is(err, http.StatusNotFound):
			return nil
		case err != nil:
			return err
		}
		if seen(job).Status.Final() || job.Annotations[kube.AnnotationStoppedBy] != "" {
			a.view.putJob(job)
			return nil
		}
	}
	return fmt.Errorf("its Job %q changes all the time", job.Name)
}

// campaignAttempt returns which attempt a record is.
func (v *view) campaignAttempt(cm *corev1.ConfigMap) (workflow.Attempt, bool) {
	number, err := strconv.Atoi(cm.Annotations[kube.AnnotationAttempt])
	at := workflow.Attempt{Task: cm.Annotations[kube.AnnotationStep], Number: number}
	return at, err == nil && v.run.IsOwned(cm) && v.specs[at.Task] != nil
}
