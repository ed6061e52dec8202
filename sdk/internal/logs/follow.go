package logs

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevast/vast/sdk/api"
)

// follow reads until the task has ended.
func (s *session) follow(ctx context.Context) error {
	f := &follower{s: s, ctx: ctx, readers: map[types.UID]*reader{}, newest: map[int]*reader{}, kick: make(chan struct{}, 1)}
	s.tracker.changed = f.changed
	version, err := s.tracker.list(ctx)
	if err != nil {
		return s.src.Conn.Classify(err, "list", "pods")
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	s.readers.Go(func() {
		if err := s.tracker.run(watching, version); err != nil {
			s.abort(err)
		}
	})
	st, err := f.awaitEnd(ctx)
	if err != nil {
		return err
	}
	if err := f.drain(ctx); err != nil {
		return err
	}
	if gone := f.unseen(); len(gone) > 0 && s.src.Kept != nil {
		s.afterPods(ctx, gone, st)
	}
	if st.State == api.Succeeded {
		return nil
	}
	return &api.TaskFailedError{Task: st}
}

// unseen returns the nodes without a pod, or whose pod was deleted before a line of it was
// read.
func (f *follower) unseen() map[int]bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	gone := lost(slices.Collect(maps.Values(f.readers)))
	for rank := range f.s.ranks {
		if f.newest[rank] == nil {
			gone[rank] = true
		}
	}
	return gone
}

// follower starts a reader for each pod and polls the task.
type follower struct {
	s    *session
	ctx  context.Context // that of the call, for the readers it starts
	kick chan struct{}

	mu      sync.Mutex
	readers map[types.UID]*reader
	newest  map[int]*reader // of each rank
	open    int             // readers that have not finished
	over    bool

	status *api.TaskStatus
	said   map[string]bool
	// stuck is since when a node cannot start.
	stuck time.Time
}

// changed is called by the tracker with each new state of a pod.
func (f *follower) changed(st podState) {
	if !f.s.ranks[st.rank] {
		f.wake()
		return
	}
	f.mu.Lock()
	r, ok := f.readers[st.uid]
	if !ok {
		r = f.start(st)
	}
	f.mu.Unlock()
	r.set(st)
	f.wake()
}

// start starts a reader; mu is held. The reader of a pod that replaces another one of the
// same rank waits until that one was read.
func (f *follower) start(st podState) *reader {
	var before <-chan struct{}
	if prev := f.newest[st.rank]; prev != nil {
		before = prev.done
	}
	r := newReader(f.s, st, before)
	r.over = f.over
	f.readers[st.uid], f.newest[st.rank] = r, r
	f.open++
	f.s.readers.Go(func() {
		if err := r.run(f.ctx); err != nil {
			f.s.abort(err)
		}
		f.mu.Lock()
		f.open--
		f.mu.Unlock()
		f.wake()
	})
	return r
}

func (f *follower) wake() {
	select {
	case f.kick <- struct{}{}:
	default:
	}
}

// awaitEnd polls the task until it has ended, and reports what it waits for.
func (f *follower) awaitEnd(ctx context.Context) (*api.TaskStatus, error) {
	p := f.s.pace
	retry := backoff{min: p.retryMin, max: p.retryMax}
	end, waiting := backoff{min: p.endMin, max: p.endMax}, backoff{min: p.waitMin, max: p.waitMax}
	var refused time.Time
	for {
		st, err := f.look(ctx)
		var pause time.Duration
		var notFound *api.NotFoundError
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.As(err, &notFound):
			if f.status == nil { // not even seen once
				f.status = &api.TaskStatus{ObjectMeta: metav1.ObjectMeta{Name: f.s.src.Job, Namespace: f.s.src.Namespace}}
			}
			return deleted(f.status), nil
		case err != nil:
			if !passes(err) {
				if refused.IsZero() && f.status != nil {
					refused = time.Now()
				}
				if time.Since(refused) > p.patience {
					return nil, err
				}
			} else {
				refused = time.Time{}
				f.s.lost()
			}
			pause = retry.step()
		default:
			retry.reset()
			refused = time.Time{}
			f.status = st
			if st.State.Ended() {
				return st, nil
			}
			f.report(st)
			if err := f.silence(st); err != nil {
				return nil, err
			}
		}
		started, all := f.progress()
		switch {
		case err != nil:
		case all:
			pause = end.step()
		case !started:
			end.reset()
			pause = waiting.step()
		default:
			end.reset()
			pause = p.calm
		}
		if !f.pause(ctx, pause, all) {
			return nil, ctx.Err()
		}
	}
}

// pause waits for d, or less after a change of a pod, but at least waitMin while there is
// something to read, so that 500 pods that terminate do not cause 500 requests.
func (f *follower) pause(ctx context.Context, d time.Duration, all bool) bool {
	if all {
		return sleep(ctx, d, nil)
	}
	began := time.Now()
	for {
		if !sleep(ctx, d-time.Since(began), f.kick) {
			return false
		}
		_, now := f.progress()
		if now || time.Since(began) >= d {
			return true
		}
		if rest := f.s.pace.waitMin - time.Since(began); rest > 0 {
			d = min(d, f.s.pace.waitMin)
			continue
		}
		return true
	}
}

// look reads the status of the task.
func (f *follower) look(ctx context.Context) (*api.TaskStatus, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return f.s.src.Status(ctx)
}

// progress returns whether every node has started, and whether every node was read to its
// end.
func (f *follower) progress() (started, all bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	started = true
	for rank := range f.s.ranks {
		r := f.newest[rank]
		if r == nil {
			return false, false
		}
		if st, _ := r.get(); !st.started && !st.ended {
			started = false
		}
	}
	return started, f.open == 0
}

// drain waits until everything was read. It lists the pods, because the watch may not
// have reported all of them yet.
func (f *follower) drain(ctx context.Context) error {
	retry := backoff{min: f.s.pace.retryMin, max: f.s.pace.retryMax}
	for {
		_, err := f.s.tracker.list(ctx)
		if err == nil {
			break
		}
		if isRefusal(err) {
			return f.s.src.Conn.Classify(err, "list", "pods")
		}
		f.s.lost()
		if !sleep(ctx, retry.step(), nil) {
			return ctx.Err()
		}
	}
	f.s.back()
	f.mu.Lock()
	f.over = true
	for _, r := range f.readers {
		r.finish()
	}
	f.mu.Unlock()
	for {
		f.mu.Lock()
		open := f.open
		f.mu.Unlock()
		if open == 0 {
			return nil
		}
		select {
		case <-f.kick:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// passes reports whether an error may be temporary.
func passes(err error) bool {
	var unavailable *api.UnavailableError
	return errors.As(err, &unavailable) || errors.Is(err, context.DeadlineExceeded)
}

// deleted returns the status of a deleted task.
func deleted(last *api.TaskStatus) *api.TaskStatus {
	const reason = "deleted by someone"
	st := last.DeepCopyObject().(*api.TaskStatus) // it copies itself
	st.State, st.Reason = api.Failed, reason
	st.Diagnosis = &api.Diagnosis{Cause: api.CauseDeleted, Message: reason}
	return st
}
