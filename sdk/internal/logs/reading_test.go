package logs

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/api"
)

// quick keeps the order of the waits and makes all of them short.
var quick = pace{
	retryMin: time.Millisecond, retryMax: 20 * time.Millisecond, endMin: time.Millisecond, endMax: 5 * time.Millisecond,
	waitMin: time.Millisecond, waitMax: 10 * time.Millisecond, calm: 20 * time.Millisecond,
	idleMin: time.Minute, idleMax: time.Minute, patience: 300 * time.Millisecond, silence: 30 * time.Millisecond,
}

// reading is a call of Read under way.
type reading struct {
	t      *testing.T
	cancel context.CancelFunc
	done   chan error

	mu      sync.Mutex
	changed *sync.Cond
	text    map[int]*strings.Builder
	notes   []string
}

func (c *cluster) read(o api.LogOptions, p pace) *reading { return c.readHeard(o, p, true) }

// readHeard is read with or without a function for notices.
func (c *cluster) readHeard(o api.LogOptions, p pace, heard bool) *reading {
	ctx, cancel := context.WithTimeout(c.t.Context(), 30*time.Second)
	r := &reading{t: c.t, cancel: cancel, done: make(chan error, 1), text: map[int]*strings.Builder{}}
	r.changed = sync.NewCond(&r.mu)
	if heard {
		o.Notify = func(message string) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.notes = append(r.notes, message)
			r.changed.Broadcast()
		}
	}
	src := c.source()
	go func() {
		r.done <- read(ctx, src, o, func(l api.LogLine) error {
			r.mu.Lock()
			defer r.mu.Unlock()
			if r.text[l.Rank] == nil {
				r.text[l.Rank] = &strings.Builder{}
			}
			r.text[l.Rank].Write(l.Text)
			r.changed.Broadcast()
			return nil
		}, p)
	}()
	c.t.Cleanup(cancel)
	return r
}

func (r *reading) got(rank int) string {
	if b := r.text[rank]; b != nil {
		return b.String()
	}
	return ""
}

// await waits until rank has printed want so far.
func (r *reading) await(rank int, want string) {
	r.t.Helper()
	r.until(func() bool { return r.got(rank) == want }, func() string { return fmt.Sprintf("node %d: %q, want %q", rank, r.got(rank), want) })
}

func (r *reading) awaitNote(part string) {
	r.t.Helper()
	r.until(func() bool { return strings.Contains(strings.Join(r.notes, "\n"), part) },
		func() string { return fmt.Sprintf("notes %q, want %q", r.notes, part) })
}

func (r *reading) until(ok func() bool, describe func() string) {
	r.t.Helper()
	late := time.AfterFunc(20*time.Second, r.changed.Broadcast)
	defer late.Stop()
	deadline := time.Now().Add(20 * time.Second)
	r.mu.Lock()
	defer r.mu.Unlock()
	for !ok() {
		if time.Now().After(deadline) {
			r.t.Fatal(describe())
		}
		r.changed.Wait()
	}
}

func (r *reading) end() error {
	r.t.Helper()
	select {
	case err := <-r.done:
		return err
	case <-time.After(25 * time.Second):
		r.t.Fatal("Read does not return")
		return nil
	}
}

func (r *reading) want(texts map[int]string) {
	r.t.Helper()
	got := map[int]string{}
	for rank, b := range r.text {
		got[rank] = b.String()
	}
	if diff := cmp.Diff(texts, got); diff != "" {
		r.t.Error(diff)
	}
}
