package logs

import (
	"context"
	"math/rand/v2"
	"time"
)

// pace has all durations of the package, so that tests can shorten them.
type pace struct {
	// retryMin and retryMax bound the wait before a retry.
	retryMin, retryMax time.Duration
	// endMin and endMax bound the poll interval of a task whose nodes have all
	// terminated: its Job follows within a second or two.
	endMin, endMax time.Duration
	// waitMin and waitMax bound the poll interval of a task whose nodes have not all
	// started, to report the reason.
	waitMin, waitMax time.Duration
	// calm is the poll interval of a running task.
	calm time.Duration
	// idleMin and idleMax bound how long a followed stream may be silent before it is
	// reopened: after a rotation the kubelet may send nothing more.
	idleMin, idleMax time.Duration
	// patience is how long an error that looks final is treated as temporary: an API
	// server that has just started returns Forbidden until it has read the RBAC rules.
	patience time.Duration
	// silence is how long a node may be unable to start if the caller gets no notices.
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

// backoff doubles its waits from min to max, with a jitter of a quarter, so that hundreds
// of readers do not retry at the same time.
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
