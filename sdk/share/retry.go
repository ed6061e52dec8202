package share

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/kubevast/vast/sdk/api"
)

const (
	defaultPatience = 5 * time.Minute
	firstPause      = time.Second
	longestPause    = time.Minute
)

// retries repeats calls after TemporaryErrors.
type retries struct {
	patience, first time.Duration
	notify          func(error, time.Duration)
	// most is the highest number of bytes that have arrived, at the time last.
	most  int64
	last  time.Time
	pause time.Duration
}

func newRetries(patience, first time.Duration, notify func(error, time.Duration)) *retries {
	first = cmp.Or(first, firstPause)
	return &retries{patience: cmp.Or(patience, defaultPatience), first: first, notify: notify, last: time.Now(), pause: first}
}

// arrived records how many bytes have arrived.
func (r *retries) arrived(n int64) {
	if n > r.most {
		r.most, r.last, r.pause = n, time.Now(), r.first
	}
}

// wait pauses after an error. It returns nil if the call is to be repeated, and
// otherwise what the caller returns.
func (r *retries) wait(ctx context.Context, what string, err error) error {
	var temporary *TemporaryError
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", what, ctx.Err())
	}
	if !errors.As(err, &temporary) {
		return err
	}
	pause := max(temporary.RetryAfter, r.pause/2+rand.N(r.pause)) // no secret depends on it
	if idle := time.Since(r.last); idle+pause > r.patience {
		return &api.UnavailableError{Message: fmt.Sprintf("%s: %v; no progress for %s", what, err, idle.Round(time.Second)), Cause: err}
	}
	r.pause = min(2*r.pause, max(longestPause, r.first))
	if r.notify != nil {
		r.notify(err, pause)
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", what, ctx.Err())
	case <-timer.C:
		return nil
	}
}

// call repeats f.
func (r *retries) call(ctx context.Context, what string, f func() error) error {
	for {
		err := f()
		if err == nil {
			return nil
		}
		if err := r.wait(ctx, what, err); err != nil {
			return err
		}
	}
}
