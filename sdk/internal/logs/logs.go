// Package logs reads what the nodes of a task print: every line once, in each
// node's order, from pods that may not exist yet, over connections that break.
//
// What cannot be had from the Kubernetes API is lost to every reader, kubectl
// included: lines that a node has rotated away while nobody was connected (it
// serves only the newest log file, 10 MiB by default), and the "\r" of "\r\n",
// which containerd drops as it writes the log.
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

// Source says whose logs are read.
type Source struct {
	Conn *access.Conn
	// Namespace and Job name the task's Job; Container is the container of
	// its pods that runs the user's commands.
	Namespace, Job, Container string
	// NumNodes is how many nodes the task has; their ranks count from 0.
	NumNodes int
	// Status returns the task as it is now, by an authoritative read.
	Status func(context.Context) (*api.TaskStatus, error)
	// Kept, if set, reads what is kept of the nodes that o names, for those
	// whose pods are gone.
	Kept func(ctx context.Context, o api.LogOptions, sink api.LogSink) error
}

// Read hands every line of the task's nodes to sink, one call at a time.
//
// With Follow it waits for pods that do not exist yet, goes on through dropped
// connections, and returns when the task has ended and all its output was
// handed over: nil when it succeeded, else *api.TaskFailedError, also when the task
// was deleted meanwhile (cause Deleted). Only the first contact may fail with
// *api.UnavailableError; later it tries again until ctx ends.
//
// Without Follow it reads what is there and returns nil, whatever the state of
// the task.
//
// A line longer than 1 MiB comes in several calls with the same rank and time;
// only the last of them ends in a newline. An error of sink ends the reading
// and is returned as it is. What is worth knowing but no log line is told to
// o.Notify.
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
	// The readers must be gone before we return: sink is the caller's.
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
		problems = append(problems, api.Invalid("since", "%s lies in the future; give a positive duration", o.Since))
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

// deliver hands one piece of a line to the sink.
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

// hand gives a line to the sink; mu is held.
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

// notify tells the caller something in words. It shares the sink's lock, so
// that a message and a line never mix on a terminal.
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
