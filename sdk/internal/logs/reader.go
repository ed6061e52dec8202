package logs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/text"
)

// reader reads the log of one pod to its end.
type reader struct {
	s      *session
	rank   int
	follow bool
	// before is closed when the previous pod of this rank was read.
	before <-chan struct{}
	done   chan struct{}
	wake   chan struct{} // holds a value when the state has changed

	mu    sync.Mutex
	state podState
	over  bool // the task has ended: what has not started never will

	cursor cursor
	split  splitter
	opened time.Time // of the first stream
	quiet  bool      // the first stream was there, and the log was empty
	broken bool      // the last stream did not come to its end
	whole  bool      // the last stream came to the end of its file
	torn   bool      // it was said that lines may be missing

	lost atomic.Bool // nothing of it was read, and it cannot be had any more
}

func newReader(s *session, st podState, before <-chan struct{}) *reader {
	return &reader{s: s, rank: st.rank, follow: s.o.Follow, state: st, before: before,
		done: make(chan struct{}), wake: make(chan struct{}, 1)}
}

// set sets the state of the reader's pod.
func (r *reader) set(st podState) {
	r.mu.Lock()
	r.state = st
	r.mu.Unlock()
	r.kick()
}

// finish is called when the task has ended.
func (r *reader) finish() {
	r.mu.Lock()
	r.over = true
	r.mu.Unlock()
	r.kick()
}

func (r *reader) kick() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *reader) get() (podState, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state, r.over
}

// run reads to the end of the log. It returns only permanent errors.
func (r *reader) run(ctx context.Context) error {
	defer close(r.done)
	if r.before != nil {
		select {
		case <-r.before:
		case <-ctx.Done():
			return nil
		}
	}
	if !r.awaitStart(ctx) {
		return nil
	}
	if r.follow {
		return r.readFollowing(ctx)
	}
	return r.readOnce(ctx)
}

// awaitStart returns false if there will never be anything to read.
func (r *reader) awaitStart(ctx context.Context) bool {
	for {
		st, over := r.get()
		switch {
		case st.started:
			return true
		case st.ended || st.gone || over || !r.follow:
			return false
		}
		select {
		case <-r.wake:
		case <-ctx.Done():
			return false
		}
	}
}

// readFollowing reads until the container has terminated and a stream that was opened
// after that has added nothing. That takes one more stream, because a stream that is cut
// between the API server and the kubelet ends like a complete one.
func (r *reader) readFollowing(ctx context.Context) error {
	wait := backoff{min: r.s.pace.retryMin, max: r.s.pace.retryMax}
	idle := r.s.pace.idleMin
	var failing time.Time
	refused := false
	for ctx.Err() == nil {
		st, over := r.get()
		settled := st.ended || st.gone
		before := r.progress()
		err := r.stream(ctx, !settled, idle)
		r.whole = err == nil
		added := r.progress() != before
		if added {
			wait.reset()
			idle = r.s.pace.idleMin
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, errIdle):
			r.broken = false
			idle = min(2*idle, r.s.pace.idleMax)
			continue
		case err == nil && settled && (!added || st.gone):
			r.split.flush(r.deliver)
			if rest := r.cursor.rest(); len(rest) > 0 {
				r.s.deliver(r.rank, piece{when: r.cursor.last, text: rest})
			}
			return nil
		case err == nil && settled:
			r.broken = false
			continue
		case err == nil:
			r.broken, failing = false, time.Time{}
		default:
			// A server that was away may refuse everything when it comes
			// back: the time that it was away does not count for that.
			if failing.IsZero() || added || refused != isRefusal(err) {
				failing, refused = time.Now(), isRefusal(err)
			}
			final, err := r.judge(err, st, over, time.Since(failing))
			if final {
				r.split.flush(r.deliver)
				return err
			}
			r.broken = r.broken || added || !apierrors.IsNotFound(err)
		}
		pause := wait.step()
		if err == nil {
			// It has ended, most likely, and its state follows; that
			// wakes us.
			pause = max(pause, r.s.pace.endMax)
		}
		sleep(ctx, pause, r.wake)
	}
	return nil
}

// readOnce reads the current log. If the container has terminated it reads once more, as
// readFollowing does.
func (r *reader) readOnce(ctx context.Context) error {
	wait := backoff{min: r.s.pace.retryMin, max: r.s.pace.retryMax}
	var failing time.Time
	for ctx.Err() == nil {
		st, _ := r.get()
		before := r.progress()
		err := r.stream(ctx, false, 0)
		added := r.progress() != before
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil && st.ended && added:
			continue
		case err == nil:
			r.split.flush(r.deliver)
			return nil
		}
		if failing.IsZero() || added {
			failing = time.Now()
			wait.reset()
		}
		if final, err := r.judge(err, st, true, time.Since(failing)*6); final {
			r.split.flush(r.deliver)
			return err
		}
		sleep(ctx, wait.step(), nil)
	}
	return nil
}

// judge decides whether a failed stream is retried. last means that waiting longer than
// patience changes nothing.
func (r *reader) judge(err error, st podState, last bool, failing time.Duration) (final bool, _ error) {
	impatient := failing > r.s.pace.patience
	switch {
	case apierrors.IsNotFound(err) && (st.gone || impatient):
		if r.lose() {
			return true, nil
		}
		if r.broken || r.cursor.lines == 0 {
			r.s.notify("%s: its pod was deleted before all its lines were read", st.describe())
		}
		return true, nil
	case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
		// Before the first line it is final; later it may come from an API server
		// that is starting.
		if r.opened.IsZero() || impatient {
			return true, r.s.src.Conn.Classify(err, "get", "pods/log")
		}
	case apierrors.IsBadRequest(err) && st.absent:
		return true, r.s.src.Conn.Classify(err, "get", "pods/log")
	case impatient && isAnswer(err) && (st.ended || last):
		if r.lose() {
			return true, nil
		}
		r.s.notify("%s: the rest of its log cannot be read: %s", st.describe(), text.Line(err.Error()))
		return true, nil
	case impatient && last && !r.follow:
		return true, r.s.src.Conn.Classify(err, "get", "pods/log")
	}
	return false, err
}

// lose leaves a log of which nothing was read to the stored one, if there is one.
func (r *reader) lose() bool {
	lost := r.s.src.Kept != nil && r.cursor.lines == 0
	r.lost.Store(lost)
	return lost
}

// isAnswer reports whether an error is a response of the cluster.
func isAnswer(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) || errors.As(err, new(*strayError))
}

// progress returns the position in the log, for comparison.
func (r *reader) progress() [3]int {
	return [3]int{r.cursor.lines, r.cursor.offset, len(r.split.carry)}
}

var errIdle = errors.New("nothing was sent for a while")

// strayError is an error that the kubelet reported within the log.
type strayError struct{ text string }

func (e *strayError) Error() string { return text.Line(e.text) }

// buffers are shared by all streams of the process.
var buffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// stream opens the log at the cursor and delivers it. It returns nil at the end of the
// stream; a line without a newline is still buffered.
func (r *reader) stream(ctx context.Context, follow bool, idle time.Duration) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r.cursor.keep(r.split.unended())
	r.split.reset()
	r.cursor.rewind()
	last := r.cursor.last
	body, err := r.s.src.Conn.Kube.CoreV1().Pods(r.s.src.Namespace).
		GetLogs(r.name(), r.options(follow)).MaxRetries(0).Stream(ctx)
	if err != nil {
		return err
	}
	defer body.Close()
	began := time.Now()
	if r.opened.IsZero() {
		r.opened = began
	}
	var alarm *time.Timer
	if follow && idle > 0 {
		alarm = time.AfterFunc(idle, func() { cancel(errIdle) })
		defer alarm.Stop()
	}
	buf := buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(buf)
	for {
		n, err := body.Read(buf[:])
		if n > 0 {
			r.split.feed(buf[:n], r.deliver)
			r.checkTear(last, false)
			if alarm != nil {
				alarm.Reset(idle)
			}
		}
		if err == nil && ctx.Err() == nil {
			continue
		}
		if r.cursor.lines == 0 && time.Since(began) > r.s.pace.retryMax {
			r.quiet = true
		}
		switch {
		case context.Cause(ctx) == errIdle: //nolint:errorlint // it is never wrapped
			return errIdle
		case ctx.Err() != nil:
			return ctx.Err()
		case !errors.Is(err, io.EOF):
			return fmt.Errorf("read the log of %s: %w", r.name(), err)
		case r.cursor.astray():
			return &strayError{r.cursor.stray}
		}
		r.checkTear(last, true)
		return nil
	}
}

// checkTear reports when the last delivered line is not in the log any more: the kubelet
// has rotated the log, and lines in between are lost. None are lost if the old file was
// read to its end and the new one follows it, which is how the kubelet ends a delayed
// stream when the container terminates.
func (r *reader) checkTear(last int64, end bool) {
	next := r.cursor.next
	if r.torn || r.cursor.found || !end && r.cursor.mode != passing {
		return
	}
	if r.whole && r.cursor.follows(last) {
		r.cursor.found = true
		return
	}
	r.torn = true
	between := "after " + stamp(last)
	if next != 0 {
		between = "between " + stamp(last) + " and " + stamp(next)
	}
	r.s.notify("node %d: its log was rotated while the reading was behind: lines %s may be missing", r.rank, between)
}

func stamp(ns int64) string { return time.Unix(0, ns).UTC().Format(time.RFC3339Nano) }

func (r *reader) name() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state.name
}

// options returns the request for what has not been read yet.
func (r *reader) options(follow bool) *corev1.PodLogOptions {
	o := &corev1.PodLogOptions{Container: r.s.src.Container, Follow: follow, Timestamps: true}
	if o.SinceTime = r.cursor.since(); o.SinceTime != nil {
		return o
	}
	if since := r.s.o.Since; since > 0 {
		// By the node's clock, and counted from when Read was called.
		seconds := int64((since + time.Since(r.s.began) + time.Second - 1) / time.Second)
		o.SinceSeconds = &seconds
	}
	switch tail := r.s.o.Tail; {
	case tail == nil || r.quiet && *tail > 0:
		// A log that was empty when it was first opened has no tail.
	case *tail == 0 && !r.opened.IsZero():
		// "From now on" was when the first stream began.
		o.SinceSeconds, o.SinceTime = nil, &metav1.Time{Time: r.opened.Truncate(time.Second)}
	default:
		o.TailLines = tail
	}
	return o
}

func (r *reader) deliver(p piece) {
	if p.text = r.cursor.take(p); len(p.text) > 0 {
		r.s.deliver(r.rank, p)
	}
}
