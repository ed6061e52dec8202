package driver

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/kubevast/vast/internal/workflow/event"
	"github.com/kubevast/vast/sdk/api"
)

const (
	// maxQueue is how many events wait for one receiver.
	maxQueue = 20_000
	// refusals is how often an event is sent that its receiver refuses.
	refusals = 3
)

// The pause after an error of a receiver, which doubles.
var firstRetry, maxRetry = time.Second, time.Minute

// sink delivers the events of a run to one receiver, in their order and at least once each.
// The queue is bounded: what does not fit is dropped, oldest first, and counted.
type sink struct {
	name string
	// batch is how many events are delivered at a time; delay is how long they are collected
	// before.
	batch int
	delay time.Duration
	// deliver delivers the first n events. An error is retried.
	deliver func(ctx context.Context, events []*api.WorkflowEvent) (n int, err error)
	log     func(format string, args ...any)

	mu      sync.Mutex
	queue   []*api.WorkflowEvent
	changed chan struct{}
	// sent is the last event that is done with; missed are those that were never delivered,
	// and gap those of them before the first one of the queue.
	sent, missed, gap int64
	closing           bool
	last              error
}

func (s *sink) wake() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// add queues events. Those that are done with are ignored.
func (s *sink) add(events []*api.WorkflowEvent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range events {
		last := s.sent
		if n := len(s.queue); n > 0 {
			last = s.queue[n-1].Data.Sequence
		}
		if e.Data.Sequence <= last {
			continue
		}
		if len(s.queue) == 0 && e.Data.Sequence > last+1 { // they are no longer recorded
			s.skip(e.Data.Sequence - last - 1)
		}
		s.queue = append(s.queue, e)
	}
	if over := len(s.queue) - maxQueue; over > 0 {
		s.skip(int64(over))
		s.queue = append([]*api.WorkflowEvent(nil), s.queue[over:]...)
	}
	s.wake()
}

// skip counts events that are not delivered. s.mu is held.
func (s *sink) skip(n int64) {
	s.missed, s.gap = s.missed+n, s.gap+n
	s.log("%s: %d events are dropped", s.name, n)
}

// restart has the events after a sequence number delivered again.
func (s *sink) restart(after int64, events []*api.WorkflowEvent) {
	s.mu.Lock()
	s.queue, s.sent, s.missed, s.gap = nil, after, 0, 0
	s.mu.Unlock()
	s.add(events)
}

// next waits for events, and returns a copy of those that are delivered now. It returns nil
// when ctx has ended, or when no more events come and all are delivered.
func (s *sink) next(ctx context.Context) []*api.WorkflowEvent {
	var collected <-chan time.Time
	for {
		s.mu.Lock()
		n, closing := len(s.queue), s.closing
		if n > 0 && (closing || s.delay == 0 || n >= s.batch || collected != nil && elapsed(collected)) {
			out := append([]*api.WorkflowEvent(nil), s.queue[:min(n, s.batch)]...)
			if s.gap > 0 {
				first := *out[0]
				first.Data.Missed = s.gap
				out[0] = &first
			}
			s.mu.Unlock()
			return out
		}
		s.mu.Unlock()
		if n == 0 && closing {
			return nil
		}
		if n > 0 && collected == nil {
			t := time.NewTimer(s.delay)
			defer t.Stop()
			collected = t.C
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.changed:
		case at := <-collected:
			again := make(chan time.Time, 1)
			again <- at
			collected = again
		}
	}
}

func elapsed(c <-chan time.Time) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// done removes events that are done with. missed: they were not delivered.
func (s *sink) done(events []*api.WorkflowEvent, missed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range events {
		if len(s.queue) == 0 || s.queue[0].Data.Sequence != e.Data.Sequence {
			return // it was restarted meanwhile
		}
		s.queue, s.sent = s.queue[1:], e.Data.Sequence
		if missed {
			s.missed, s.gap = s.missed+1, s.gap+1
		} else {
			s.gap = 0
		}
	}
}

// run delivers until ctx ends, or until all is delivered after the last event.
func (s *sink) run(ctx context.Context) {
	pause, refused := firstRetry, 0
	for {
		events := s.next(ctx)
		if events == nil {
			return
		}
		n, err := s.deliver(ctx, events)
		s.done(events[:n], false)
		if ctx.Err() == nil { // an error that is not our own end
			s.mu.Lock()
			s.last = err
			s.mu.Unlock()
		}
		if n > 0 {
			pause, refused = firstRetry, 0
		}
		if err == nil {
			continue
		}
		if ctx.Err() != nil {
			return
		}
		if no := (*event.RefusedError)(nil); errors.As(err, &no) {
			if refused++; refused == refusals {
				s.log("%s: event %d is given up: %v", s.name, events[n].Data.Sequence, err)
				s.done(events[n:n+1], true)
				pause, refused = firstRetry, 0
				continue
			}
		}
		s.log("%s: %v; trying again in %s", s.name, err, pause)
		if sleep(ctx, pause, nil) != nil {
			return
		}
		pause = min(2*pause, maxRetry)
	}
}

// close has run return when all events are delivered.
func (s *sink) close() {
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	s.wake()
}

// giveUp drops what is queued, and returns how many events were never delivered and why.
func (s *sink) giveUp() (missed int64, last error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.queue); n > 0 {
		s.missed, s.sent = s.missed+int64(n), s.queue[n-1].Data.Sequence
		s.queue = nil
	}
	return s.missed, s.last
}

// progress returns the last event that is done with, and how many were not delivered.
func (s *sink) progress() (sent, missed int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent, s.missed
}
