// Package driver drives the run of a workflow: it observes the run's Jobs, calls
// workflow.Advance, writes the new state, and creates and stops Jobs as the actions say.
// The same driver runs in the agent's Job and in clients. A Lease makes one act at a time;
// if two do all the same, the state is written with optimistic concurrency before anything
// is done, and each attempt has one Job of a deterministic name.
package driver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kubevast/vast/internal/apiserver"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/internal/workflow/record"
)

// Options are those of Drive.
type Options struct {
	API       *apiserver.Client
	Namespace string
	// Run is the id of the run.
	Run string
	// Holder identifies the driver in the Lease; see PodHolder.
	Holder string
	// Once returns when nothing is left to do until something changes.
	Once bool
	// Store, if set, is where the events of the run are recorded.
	Store store.Backend
	// WebhookSecret returns the secret of a webhook of the run, by its number.
	WebhookSecret func(ctx context.Context, number int, w record.Webhook) ([]byte, error)
	// Linger is how long events are delivered after the end of the run at most.
	Linger time.Duration
	// Log, if set, receives what the driver does.
	Log func(format string, args ...any)
}

// ErrIncomplete is returned for a run whose submission was not completed.
var ErrIncomplete = errors.New("the submission of the run was not completed")

// ErrDeleted is returned for a run that was deleted.
var ErrDeleted = errors.New("the run was deleted")

// Drive drives a run until it has ended, or with Once until nothing is left to do. It returns
// the run as it was written last. A *HeldError means that another driver has the Lease;
// ErrIncomplete and ErrDeleted that there is nothing to drive.
func Drive(ctx context.Context, o Options) (*record.Run, error) {
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	c := &cluster{api: o.API, namespace: o.Namespace}
	run, err := c.run(ctx, o.Run)
	switch {
	case apiserver.Is(err, http.StatusNotFound):
		return nil, ErrDeleted
	case err != nil:
		return nil, err
	case run.Parts == 0 && !run.State.Phase.Final():
		return run, ErrIncomplete
	case run.State.Phase.Final():
		if left, err := undelivered(ctx, c, run); err != nil || !left {
			return run, err
		}
	}
	l := &lease{cluster: c, run: run, holder: o.Holder}
	if err := l.acquire(ctx); err != nil {
		return run, err
	}
	driving, cancel := context.WithCancelCause(ctx)
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		l.keep(driving, func() { cancel(errLost) })
	}()
	d := &driver{Options: o, cluster: c, run: run}
	err = d.drive(driving)
	if cause := context.Cause(driving); errors.Is(cause, errLost) {
		err = errLost
	}
	cancel(nil)
	<-kept
	if !errors.Is(err, errLost) {
		last, done := context.WithTimeout(context.WithoutCancel(ctx), renewEvery)
		l.release(last)
		done()
	}
	return d.run, err
}

// IsLost reports whether a driver ended because another one took its Lease.
func IsLost(err error) bool { return errors.Is(err, errLost) }

// driver is one that has the Lease.
type driver struct {
	Options
	cluster  *cluster
	run      *record.Run
	actor    *actor
	view     *view
	hosts    *hosts
	notifier *notifier
	// campaigns is their work in the background; busy reports whether there is any.
	campaigns campaigns
	busy      bool
	// writes counts the writes of the state.
	writes int
}

// drive repeats the step until the run has ended.
func (d *driver) drive(ctx context.Context) error {
	// The state may have changed before the Lease was acquired.
	run, err := d.cluster.run(ctx, d.run.ID)
	if err != nil {
		return err
	}
	d.run = run
	spec, err := d.cluster.spec(ctx, run)
	if err != nil {
		return err
	}
	d.notifier = newNotifier(&d.Options, d.cluster, run, spec)
	d.notifier.start(ctx)
	if run.State.Phase.Final() { // only events are left to deliver
		return d.deliver(ctx)
	}
	ended := false
	defer func() {
		if !ended {
			d.notifier.abandon()
		}
	}()
	v := newView(run, spec.Campaigns)
	d.view = v
	d.actor = &actor{cluster: d.cluster, run: run, view: v, mu: &sync.Mutex{}, spec: spec, log: d.Log}
	d.campaigns.busy = map[workflow.Attempt]bool{}
	d.hosts = &hosts{cluster: d.cluster, run: run, service: spec.Hosts}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	var mirrors errgroup.Group
	defer func() {
		stop()
		_ = mirrors.Wait() // they return no error
		_ = d.campaigns.work.Wait()
	}()
	for _, m := range v.mirrors(d.cluster, d.Log) {
		mirrors.Go(func() error { m.follow(watching); return nil })
	}
	leaveGroup := d.followGroup(watching, v)
	defer leaveGroup()
	pause := firstPause
	for {
		if d.run.State.Phase != workflow.PhaseQueued {
			leaveGroup()
		}
		idle, err := d.step(watching, v, spec) // what it begins in the background ends with it
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, ErrDeleted) || errors.Is(err, errLost):
			return err
		case err != nil:
			d.Log("%v; trying again in %s", err, pause)
			if err := sleep(ctx, pause, nil); err != nil {
				return err
			}
			pause = min(2*pause, maxPause)
			continue
		case d.run.State.Phase.Final():
			d.Log("the run is %s: %s", d.run.State.Phase, d.run.State.Result)
			ended = true
			return d.deliver(ctx)
		case !idle:
			pause = firstPause
			continue
		case d.Once && !d.busy:
			return nil
		}
		pause = firstPause
		var wait time.Duration
		if d.run.State.Phase == workflow.PhaseQueued {
			wait = lookEvery
		}
		now := d.API.Now()
		for _, at := range []time.Time{workflow.Wake(&spec.Workflow, d.run.State, now), v.nextSaved(now)} {
			if left := max(at.Sub(now), time.Millisecond); !at.IsZero() && (wait == 0 || left < wait) {
				wait = left
			}
		}
		if err := sleep(ctx, wait, v.changed); err != nil {
			return err
		}
	}
}

// sleep waits until changed has an element or d has passed; 0 is no limit.
func sleep(ctx context.Context, d time.Duration, changed <-chan struct{}) error {
	var timer <-chan time.Time
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		timer = t.C
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer:
	case <-changed:
	}
	return nil
}

// step observes, advances, writes the state, and then acts. idle reports that there was
// nothing to do.
func (d *driver) step(ctx context.Context, v *view, spec *record.Reader) (idle bool, err error) {
	v.mu.Lock()
	deleted, listed, stopping, again := v.deleted, v.listed && v.approvalsListed && v.recordsListed, v.stopBy != "", v.redeliver
	v.mu.Unlock()
	if deleted {
		return false, ErrDeleted
	}
	if requested(again, d.notifier.redelivered) {
		if err := d.notifier.redeliver(ctx, d.run, again); err != nil {
			return false, err
		}
	}
	if !listed {
		return false, sleep(ctx, 0, v.changed)
	}
	if err := v.look(ctx, d.cluster); err != nil {
		return false, err
	}
	if err := v.decideCampaigns(ctx, d.cluster); err != nil {
		return false, err
	}
	if err := d.hosts.update(ctx); err != nil { // the tasks wait for each other meanwhile
		d.Log("the host names of the job group: %v; trying again in %s", err, maxPause)
		time.AfterFunc(maxPause, v.wake)
	}
	observed := v.observed(d.run.State, d.API.Now())
	observed.Approvals = v.votes(&spec.Workflow, d.run)
	if !stopping { // a run that is stopped has no turn in its group
		if observed.Queued, err = d.queued(ctx); err != nil {
			return false, err
		}
	}
	state, actions, events := workflow.Advance(&spec.Workflow, d.run.State, observed)
	actions = v.campaignActions(actions)
	if !state.Equal(d.run.State) {
		if err := d.write(ctx, state, events, &spec.Workflow); err != nil {
			return false, err
		}
		for _, e := range events {
			d.Log("%s", describe(e))
		}
		d.notifier.notify(events)
	} else if len(actions) == 0 {
		d.busy = d.campaigns.pursue(ctx, d.actor.copy())
		return true, nil
	}
	return false, d.actor.act(ctx, actions)
}

// write writes a state with the events that led to it, at the resourceVersion that was read. If the answer is lost, or
// the object was changed concurrently, it reads the run again.
func (d *driver) write(ctx context.Context, state workflow.State, events []workflow.Event, g *workflow.Workflow) error {
	d.writes++
	signature := fmt.Sprintf("%s %d", d.Holder, d.writes)
	fields, err := record.Fields(d.run, state, g, signature)
	if err != nil {
		return err
	}
	kept, err := record.SetEvents(fields, slices.Concat(d.run.Events, events), d.notifier.delivery())
	if err != nil {
		return err
	}
	meta, err := d.cluster.patchRun(ctx, d.run, fields)
	if err == nil {
		d.run.State, d.run.Events, d.run.ResourceVersion, d.run.Driver = state, kept, meta.ResourceVersion, signature
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	run, readErr := d.cluster.run(ctx, d.run.ID)
	switch {
	case apiserver.Is(readErr, http.StatusNotFound), readErr == nil && run.UID != d.run.UID:
		return ErrDeleted
	case readErr != nil:
		return readErr
	}
	before := d.run.Driver
	d.run, d.actor.run = run, run
	switch {
	case run.Driver == signature: // it was written, and the answer was lost
		return nil
	case run.Driver != before: // another driver has written
		return errLost
	case apiserver.Is(err, http.StatusConflict): // a label, or a request to stop: advance again
		return d.write(ctx, state, events, g)
	}
	return err
}

func describe(e workflow.Event) string {
	if e.Type == workflow.TaskChanged && e.State != nil {
		text := fmt.Sprintf("task %s: %s", e.Task, e.State.Status)
		switch {
		case e.State.WaitingApproval:
			text += ", waits for approval"
		case e.State.Scheduled && e.State.Status == workflow.StatusNotStarted:
			text += fmt.Sprintf(", attempt %d is scheduled", e.State.Attempt)
		case e.State.Cause != "":
			text += ", " + e.State.Cause
		}
		return text
	}
	return fmt.Sprintf("run: %s, %s", e.Phase, e.Result)
}
