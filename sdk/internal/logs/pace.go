package logs

import (
	"context"
	"math/rand/v2"
	"time"
)

// pace holds all the times of the package, so that tests can be quick.
type pace struct {
	// retryMin and retryMax bound the wait before something is tried again.
	retryMin, retryMax time.Duration
	// endMin and endMax bound the wait between two looks at a task whose
	// nodes have all ended: its Job follows within a second or two.
	endMin, endMax time.Duration
	// waitMin and waitMax bound the wait between two looks at a task whose
	// nodes have not all started, so that the reason is told.
	waitMin, waitMax time.Duration
	// calm is the wait between two looks at a task that runs.
	calm time.Duration
	// idleMin and idleMax bound how long a followed stream may be silent
	// before it is opened anew: the kubelet can lose track of a log that
	// is rotated, and then sends nothing more.
	idleMin, idleMax time.Duration
	// patience is how long a failure that looks final is taken for one
	// that passes: a Kubernetes API server that has just started refuses
	// its users until it has read their roles.
	patience time.Duration
	// silence is how long a node may be in the way of its start where
	// nobody is told.
	silence time.Duration
}

var defaultPace = pace{
	retryMin: 100 * time.Millisecond, retryMax: 5 * time.Second,
	endMin: 20 * time.Millisecond, endMax: time.Second,
	waitMin: time.Second, waitMax: 10 * time.Second,
	calm:    30 * time.Second,
	idleMin: 30 * time.Second, idleMax: 2 * time.Minute,
	patience: 30 * time.Second, silence: 5 * time.Minute,
}

// backoff doubles its waits from min to max, each give or take a quarter, so
// that hundreds of readers do not come back in step.
type backoff struct{ min, max, next time.Duration }

func (b *backoff) reset() { b.next = 0 }

func (b *backoff) step() time.Duration {
	b.next = min(max(b.next*2, b.min), b.max)
	return b.next - b.next/4 + rand.N(b.next/2+1)
}

// sleep waits for d or for a value on wake, whichever comes first. It returns
// false when ctx has ended.
func sleep(ctx context.Context, d time.Duration, wake <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-wake:
	case <-timer.C:
	}
	return ctx.Err() == nil
}
