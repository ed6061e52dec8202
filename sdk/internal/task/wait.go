package task

import (
	"context"
	"errors"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/watched"
)

// lookAgain is how often a task without progress is read in full: only events report why
// its pods cannot be created, and watches of Jobs and pods do not report these.
const lookAgain = 5 * time.Second

// Wait implements sdk.Task.
func (c *Client) Wait(ctx context.Context, ref string, o api.WaitOptions) (*api.TaskStatus, error) {
	job, err := c.resolve(ctx, ref)
	if isNotFound(err) {
		return c.ended(ctx, ref, o, err)
	}
	if err != nil {
		return nil, err
	}
	name := job.Name
	s, err := c.status(ctx, job)
	if err != nil {
		return nil, err
	}
	if o.Timeout > 0 {
		waiting, cancel := context.WithTimeout(ctx, o.Timeout)
		defer cancel()
		s, err = c.waitFor(waiting, name, s, o)
		if waiting.Err() != nil && ctx.Err() == nil && err != nil {
			// The watch may have missed the end, so a last read decides.
			return c.lastLook(ctx, name, s, o)
		}
		return s, err
	}
	return c.waitFor(ctx, name, s, o)
}

// ended returns the status of a task whose Job is gone from what the store has.
func (c *Client) ended(ctx context.Context, ref string, o api.WaitOptions, missing error) (*api.TaskStatus, error) {
	s, err := c.keptTask(ctx, ref, missing)
	if err != nil {
		return nil, err
	}
	_, err = reached(s, o.For)
	return s, err
}

// lastLook reads the task after a timeout.
func (c *Client) lastLook(ctx context.Context, name string, last *api.TaskStatus, o api.WaitOptions) (*api.TaskStatus, error) {
	s, err := c.live(ctx, name)
	if isNotFound(err) {
		return last, deleted(last)
	}
	if err != nil {
		return last, err
	}
	if done, err := reached(s, o.For); done {
		return s, err
	}
	return s, &api.TimedOutError{After: o.Timeout, Last: "the task is " + describe(s)}
}

func describe(s *api.TaskStatus) string {
	if s.Reason == "" {
		return string(s.State)
	}
	return string(s.State) + ": " + s.Reason
}

func (c *Client) waitFor(ctx context.Context, name string, s *api.TaskStatus, o api.WaitOptions) (*api.TaskStatus, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	changed, failed := c.signals(ctx, s)
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	reported, missed := "", false
	var refused watched.Refusals
	for {
		if now := describe(s); o.Notify != nil && now != reported {
			o.Notify(s)
			reported = now
		}
		if done, err := reached(s, o.For); done {
			return s, err
		}
		select {
		case <-ctx.Done():
			return s, ctx.Err()
		case err := <-failed:
			return s, err
		case <-changed:
		case <-again.C:
			if s.State == api.Running && !missed {
				continue
			}
		}
		next, err := c.live(ctx, name)
		var unavailable *api.UnavailableError
		var forbidden *api.ForbiddenError
		switch {
		case isNotFound(err), err == nil && next.UID != s.UID:
			return s, deleted(s)
		case errors.As(err, &unavailable), errors.As(err, &forbidden) && !refused.Lasting(time.Now()), ctx.Err() != nil:
			missed = true // the ticker retries
			continue
		case err != nil:
			return s, err
		}
		s, missed = next, false
	}
}

// signals returns a channel that reports changes of a task, and one for the error of
// the watch.
func (c *Client) signals(ctx context.Context, s *api.TaskStatus) (<-chan struct{}, <-chan error) {
	changed, failed := make(chan struct{}, 1), make(chan error, 1)
	one := labels.Set{kube.LabelTaskID: s.ID}
	go func() {
		for _, err := range c.watch(ctx, s.Namespace, selector(kindSelector, one), one) {
			if err != nil {
				failed <- err
				return
			}
			select {
			case changed <- struct{}{}:
			default:
			}
		}
	}()
	return changed, failed
}

// reached reports whether the wait is over, and with which error.
func reached(s *api.TaskStatus, want api.State) (bool, error) {
	switch {
	case s.Saving && (want == "" || want.Ended()):
		return false, nil // the results are needed after the end
	case want == "" && s.State == api.Succeeded, want != "" && s.State == want:
		return true, nil
	case s.State.Ended() && (want == "" || want.Ended() || s.State != api.Succeeded && s.State != api.Rejected):
		return true, &api.TaskFailedError{Task: s}
	case s.State.Ended():
		return true, nil // it is past the requested state
	}
	return want != "" && slices.Index(api.States, s.State) > slices.Index(api.States, want), nil
}

func isNotFound(err error) bool {
	var missing *api.NotFoundError
	return errors.As(err, &missing)
}

func isForbidden(err error) bool {
	var forbidden *api.ForbiddenError
	return errors.As(err, &forbidden)
}

// deleted returns the error for a task that was deleted during the wait.
func deleted(last *api.TaskStatus) error {
	s := *last
	s.State, s.Reason = api.Failed, "deleted by someone"
	s.Diagnosis = &api.Diagnosis{Cause: api.CauseDeleted, Message: s.Reason}
	return &api.TaskFailedError{Task: &s}
}
