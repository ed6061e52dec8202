package transport

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// watch ends a request in which nothing happens for some time.
type watch struct {
	limit time.Duration
	mu    sync.Mutex
	timer *time.Timer
	// waiting is what the timer was set to last.
	waiting time.Duration
	// answered: the answer has begun, so the server is no longer waited for when the
	// request has been written.
	answered bool
}

// stalledError is the cause of a context that a watch has ended.
type stalledError struct{ limit time.Duration }

func (e *stalledError) Error() string { return fmt.Sprintf("no data for %s", e.limit) }

func newWatch(limit time.Duration, cancel context.CancelCauseFunc) *watch {
	w := &watch{limit: limit}
	w.timer = time.AfterFunc(limit, func() { cancel(w.stalled()) })
	w.timer.Stop() // what is before the connection has limits of its own
	return w
}

func (w *watch) stalled() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return &stalledError{w.waiting}
}

// start begins to wait for the server.
func (w *watch) start() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.set(w.limit)
}

// stop ends the wait: the server has done something, or is not what is waited for.
func (w *watch) stop() { w.timer.Stop() }

// written begins to wait for an answer as long as limit.
func (w *watch) written(limit time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.answered {
		w.set(limit)
	}
}

func (w *watch) set(limit time.Duration) {
	w.waiting = limit
	w.timer.Reset(limit)
}

// answer ends the wait for it.
func (w *watch) answer() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answered = true
	w.timer.Stop()
}
