// Package logs reads what the nodes of a task print: every line once, in each
// node's order, from pods that may not exist yet, over connections that break.
//
// Like kubectl, it cannot read what the Kubernetes API does not serve: lines that the
// kubelet rotated away between two connections (it serves only the newest log file, 10
// MiB by default), and the "\r" of "\r\n", which containerd drops.
package logs

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/sdk/api"
)

// Source is the task whose logs are read.
type Source struct {
	Conn *access.Conn
	// Namespace and Job name the task's Job; Container is the container of
	// its pods that runs the user's commands.
	Namespace, Job, Container string
	// NumNodes is the number of the task's nodes; their ranks begin with 0.
	NumNodes int
	// Status reads the current status of the task.
	Status func(context.Context) (*api.TaskStatus, error)
	// Kept, if set, reads the stored logs of the nodes that o selects, for nodes whose
	// pods are gone.
	Kept func(ctx context.Context, o api.LogOptions, sink api.LogSink) error
}

// Read hands every line of the task's nodes to sink, one call at a time.
//
// With Follow it waits for pods that do not exist yet, continues after dropped
// connections, and returns when the task has ended and sink has all its output: nil if
// it succeeded, else *api.TaskFailedError, also if the task was deleted meanwhile (cause
// Deleted). Only the first request may fail with *api.UnavailableError; later ones are
// retried until ctx ends.
//
// Without Follow it reads the current logs and returns nil in any state of the task.
//
// A line longer than 1 MiB is passed in several calls with the same rank and time; only
// the last of them ends in a newline. Read stops at an error of sink and returns it.
// Messages that are no log lines are passed to o.Notify.
func Read(ctx context.Context, src Source, o api.LogOptions, sink api.LogSink) error {
	return read(ctx, src, o, sink, defaultPace)
}

func read(ctx context.Context, src Source, o api.LogOptions, sink api.LogSink, p pace) error {
	ranks, err := wanted(src, o)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s := &session{src: src, o: o, pace: p, ranks: ranks, began: time.Now(), sink: sink, fail: cancel}
	s.tracker = newTracker(s)
	if o.Follow {
		err = s.follow(ctx)
	} else {
		err = s.snapshot(ctx)
	}
	// No reader may call sink after Read returns.
	cancel(err)
	s.readers.Wait()
	if cause := s.failure(); cause != nil {
		return cause
	}
	return err
}

// wanted returns the set of ranks to read.
func wanted(src Source, o api.LogOptions) (map[int]bool, error) {
	var problems []error
	if o.Tail != nil && *o.Tail < 0 {
		problems = append(problems, api.Invalid("tail", "%d lines cannot be read; give 0 or more", *o.Tail))
	}
	if o.Since < 0 {
		problems = append(problems, api.Invalid("since", "%s is in the future; give a positive duration", o.Since))
	}
	ranks := make(map[int]bool, src.NumNodes)
	for _, rank := range o.Nodes {
		if rank < 0 || rank >= src.NumNodes {
			problems = append(problems, api.Invalid("node", "there is no node %d: %s", rank, nodesOf(src.NumNodes)))
			continue
		}
		ranks[rank] = true
	}
	if len(o.Nodes) == 0 {
		for rank := range src.NumNodes {
			ranks[rank] = true
		}
	}
	return ranks, api.JoinInvalid(problems...)
}

func nodesOf(n int) string {
	if n == 1 {
		return "the task has only node 0"
	}
	return fmt.Sprintf("the task has nodes 0 to %d", n-1)
}

// session is one call of Read.
type session struct {
	src     Source
	o       api.LogOptions
	pace    pace
	ranks   map[int]bool
	began   time.Time
	tracker *tracker
	link    link

	// readers counts the goroutines that may call sink.
	readers sync.WaitGroup

	mu     sync.Mutex // held while sink or Notify runs
	sink   api.LogSink
	fail   context.CancelCauseFunc
	failed error
}

// deliver passes one piece of a line to the sink.
func (s *session) deliver(rank int, p piece) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return
	}
	line := api.LogLine{Rank: rank, Time: metav1.MicroTime{Time: time.Unix(0, p.when).UTC()}, Text: p.text}
	_ = s.hand(line) // it ends the session
}

// deliverLine is deliver for a line that comes from elsewhere.
func (s *session) deliverLine(line api.LogLine) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return s.failed
	}
	return s.hand(line)
}

// hand passes a line to the sink; mu is held.
func (s *session) hand(line api.LogLine) error {
	err := s.sink(line)
	if err != nil {
		s.failed = err
		s.fail(err)
	}
	return err
}

// abort ends the session with err, unless it is ending already.
func (s *session) abort(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.failed = err
		s.fail(err)
	}
}

func (s *session) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// notify passes a message to the caller. It holds the sink's lock, so that messages and
// lines are not mixed on a terminal.
func (s *session) notify(format string, args ...any) {
	if s.o.Notify == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.o.Notify(fmt.Sprintf(format, args...))
	}
}

// sortedRanks returns the ranks of a set in order.
func sortedRanks(set map[int]bool) []int {
	ranks := make([]int, 0, len(set))
	for rank := range set {
		ranks = append(ranks, rank)
	}
	slices.Sort(ranks)
	return ranks
}
