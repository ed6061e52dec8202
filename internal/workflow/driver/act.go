package driver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	batchv1 "k8s.io/api/batch/v1"

	"github.com/kubevast/vast/internal/apiserver"
	"github.com/kubevast/vast/internal/diagnose"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
)

// atOnce is how many actions are carried out at a time.
const atOnce = 16

// actor carries out the actions of a run.
type actor struct {
	*cluster
	run  *record.Run
	view *view
	log  func(format string, args ...any)

	// mu guards the objects of spec.
	mu   *sync.Mutex
	spec *record.Reader
}

// theWorkflow is who stops tasks that no user has stopped.
const theWorkflow = "the workflow"

// copy returns an actor for work in the background, which has the run as it is now.
func (a *actor) copy() *actor {
	run := *a.run
	return &actor{cluster: a.cluster, run: &run, view: a.view, log: a.log, mu: a.mu, spec: a.spec}
}

// act carries out actions. Each of them is idempotent; after an error the others are still
// tried.
func (a *actor) act(ctx context.Context, actions []workflow.Action) error {
	var g errgroup.Group
	g.SetLimit(atOnce)
	for _, action := range actions {
		g.Go(func() error {
			at := workflow.Attempt{Task: action.Task, Number: action.Attempt}
			do := a.start
			if action.Kind == workflow.Stop {
				do = a.stop
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := do(ctx, at); err != nil {
				return fmt.Errorf("%s task %s: %w", action.Kind, action.Task, err)
			}
			return nil
		})
	}
	return g.Wait()
}

// objects returns those of an attempt.
func (a *actor) objects(at workflow.Attempt) (*record.Objects, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.spec.Attempt(a.run, at.Task, at.Number)
}

// start creates the objects of an attempt, the Job last.
func (a *actor) start(ctx context.Context, at workflow.Attempt) error {
	if a.spec.Campaigns[at.Task] != nil {
		return a.startCampaign(ctx, at)
	}
	objects, err := a.objects(at)
	if err != nil {
		return err
	}
	err = a.helpers(ctx, objects)
	if err == nil {
		err = a.createOrAdopt(ctx, objects.Job)
	}
	if cause := refusal(err); cause != "" {
		a.log("task %s cannot be started: %v", at.Task, err)
		a.view.refuse(at, cause)
		return nil
	}
	return err
}

func (a *actor) helpers(ctx context.Context, o *record.Objects) error {
	for i := range o.Services {
		if err := a.create(ctx, a.core("services"), &o.Services[i]); err != nil {
			return err
		}
	}
	for i := range o.ConfigMaps {
		if err := a.create(ctx, a.core("configmaps"), &o.ConfigMaps[i]); err != nil {
			return err
		}
	}
	for i := range o.NetworkPolicies {
		if err := a.create(ctx, "/apis/networking.k8s.io/v1/namespaces/"+a.namespace+"/networkpolicies", &o.NetworkPolicies[i]); err != nil {
			return err
		}
	}
	return nil
}

// createOrAdopt creates the Job of an attempt. One that exists is adopted if it is of this
// run and does the same; otherwise the error is errConflict.
func (a *actor) createOrAdopt(ctx context.Context, want *batchv1.Job) error {
	job, err := a.createJob(ctx, want)
	if apiserver.IsExisting(err) {
		if job, err = a.job(ctx, want.Name); err != nil {
			return err
		}
		if !a.run.IsOwned(job) || job.Annotations[kube.AnnotationSpecHash] != want.Annotations[kube.AnnotationSpecHash] {
			return fmt.Errorf("%w: Job %q", errConflict, want.Name)
		}
	}
	if err != nil {
		return err
	}
	a.view.putJob(job)
	return nil
}

var errConflict = errors.New("an object of the name exists that does not belong to the run")

// refusal returns the cause of a task whose objects the API server refuses for good; empty
// for an error that may pass.
func refusal(err error) string {
	var status *apiserver.StatusError
	switch {
	case errors.Is(err, errConflict):
		return string(api.CauseCreateFailed)
	case errors.As(err, &status) && (status.Code == http.StatusUnprocessableEntity || status.Code == http.StatusBadRequest):
		return string(api.CauseCreateFailed)
	}
	return ""
}

// stopTries bounds the attempts to stop a Job that changes meanwhile.
const stopTries = 10

// stop ends an attempt. If its Job does not exist, one is created that never executes.
func (a *actor) stop(ctx context.Context, at workflow.Attempt) error {
	a.view.mu.Lock()
	user := cmp.Or(a.view.stopBy, theWorkflow)
	a.view.mu.Unlock()
	if a.spec.Campaigns[at.Task] != nil {
		return a.stopCampaign(ctx, at, user, "")
	}
	objects, err := a.objects(at)
	if err != nil {
		return err
	}
	for range stopTries {
		job, err := a.job(ctx, objects.Job.Name)
		switch {
		case apiserver.Is(err, http.StatusNotFound):
			err = a.createOrAdopt(ctx, record.Withdrawn(objects.Job, user, time.Now()))
			if err != nil || !a.executes(at) {
				return err
			}
			continue
		case err != nil:
			return err
		case !a.run.IsOwned(job):
			return fmt.Errorf("%w: Job %q", errConflict, job.Name)
		case job.Annotations[kube.AnnotationStoppedBy] != "" || diagnose.Over(job):
			a.view.putJob(job)
			return nil
		}
		patch, err := kube.StopPatch(job, user, time.Now())
		if err != nil {
			return err
		}
		changed, err := a.patchJob(ctx, job.Name, patch)
		if apiserver.Is(err, http.StatusConflict) || apiserver.Is(err, http.StatusNotFound) {
			continue
		}
		if err == nil {
			a.view.putJob(changed)
		}
		return err
	}
	return fmt.Errorf("its Job %q changes all the time", objects.Job.Name)
}

// executes reports whether the Job of an attempt, which was just adopted, was not stopped.
func (a *actor) executes(at workflow.Attempt) bool {
	a.view.mu.Lock()
	defer a.view.mu.Unlock()
	have := a.view.attempts[at]
	return have != nil && !have.withdrawn && !have.seen.Status.Final()
}
