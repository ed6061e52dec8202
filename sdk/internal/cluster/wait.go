package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kubevast/vast/sdk/api"
)

const (
	defaultTimeout = 5 * time.Minute
	// lookInterval is how often it is looked whether something has come about.
	lookInterval = 500 * time.Millisecond
)

// run is one setup or cleanup under way: what it tells, and how long it waits.
type run struct {
	tell    func(string)
	timeout time.Duration
}

func newRun(ctx context.Context, progress func(string), timeout time.Duration) (*run, context.Context, context.CancelFunc) {
	r := &run{tell: progress, timeout: timeout}
	if r.tell == nil {
		r.tell = func(string) {}
	}
	if r.timeout == 0 {
		r.timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, r.timeout, errTooLate)
	return r, ctx, cancel
}

// errTooLate tells the end of our own time from that of the caller's.
var errTooLate = errors.New("out of time")

// say tells one step.
func (r *run) say(format string, args ...any) { r.tell(fmt.Sprintf(format, args...)) }

// await looks until nothing is missing any more, and tells what is whenever
// that changes. A cluster that does not answer for the time being is waited
// for, too; every other error ends it. When the time is over it is TimedOutError
// with what was missing last.
func (r *run) await(ctx context.Context, what string, look func(context.Context) (missing string, err error)) error {
	last := ""
	for {
		missing, err := look(ctx)
		var unavailable *api.UnavailableError
		switch {
		case errors.As(err, &unavailable) && ctx.Err() == nil:
			missing = unavailable.Message
		case err != nil && ctx.Err() == nil:
			return err
		case err == nil && missing == "":
			return nil
		}
		if missing != "" && missing != last {
			last = missing
			if ctx.Err() == nil {
				r.say("waiting for %s: %s", what, missing)
			}
		}
		select {
		case <-ctx.Done():
			return r.ended(ctx, strings.TrimSuffix(what+": "+last, ": "))
		case <-time.After(lookInterval):
		}
	}
}

// ended is the error of a context that has ended.
func (r *run) ended(ctx context.Context, last string) error {
	if errors.Is(context.Cause(ctx), errTooLate) {
		return &api.TimedOutError{After: r.timeout, Last: "waiting for " + last}
	}
	return ctx.Err()
}

// inTime puts TimedOutError in the place of an error that only says that our time
// was over.
func (r *run) inTime(ctx context.Context, what string, err error) error {
	if err != nil && errors.Is(context.Cause(ctx), errTooLate) && !isTimedOut(err) {
		return &api.TimedOutError{After: r.timeout, Last: what}
	}
	return err
}

func isTimedOut(err error) bool {
	var t *api.TimedOutError
	return errors.As(err, &t)
}
