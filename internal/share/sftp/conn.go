package sftp

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// conn is one connection. One operation at a time uses it, and an operation that is
// canceled or stalls closes it: no request of the library can be taken back.
type conn struct {
	address, user string
	// stall is how long nothing may arrive, and how long an operation may wait for the
	// server without any progress.
	stall time.Duration
	// dir is the folder's absolute path.
	dir  string
	tcp  *tcp
	ssh  *ssh.Client
	sftp *sftp.Client
	// more are other sessions, for large transfers.
	more []*sftp.Client
	// watch of the current operation.
	watch *watch
	once  sync.Once
	ended chan struct{}
}

// tcp records when bytes arrived last, and whether the connection failed. To be closed
// on this side is no failure.
type tcp struct {
	net.Conn
	heard  atomic.Int64
	failed atomic.Bool
}

func (t *tcp) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	if n > 0 {
		t.heard.Store(time.Now().UnixNano())
	}
	if err != nil && !errors.Is(err, net.ErrClosed) {
		t.failed.Store(true)
	}
	return n, err
}

func (t *tcp) Write(p []byte) (int, error) {
	n, err := t.Conn.Write(p)
	if err != nil && !errors.Is(err, net.ErrClosed) {
		t.failed.Store(true)
	}
	return n, err
}

// keepalives is how many of them are sent while nothing arrives.
const keepalives = 6

// keep sends keepalives as OpenSSH does, and closes a connection on which nothing
// arrives.
func (c *conn) keep() {
	tick := time.NewTicker(c.stall / keepalives)
	defer tick.Stop()
	var asking atomic.Bool
	for {
		select {
		case <-c.ended:
			return
		case <-tick.C:
		}
		if time.Since(time.Unix(0, c.tcp.heard.Load())) > c.stall {
			c.close()
			return
		}
		if asking.CompareAndSwap(false, true) {
			go func() {
				_, _, _ = c.ssh.SendRequest("keepalive@openssh.com", true, nil) // any answer counts
				asking.Store(false)
			}()
		}
	}
}

func (c *conn) close() {
	c.once.Do(func() {
		close(c.ended)
		_ = c.tcp.Close() // first: the others wait for answers
		_ = c.ssh.Close()
	})
}

func (c *conn) closed() bool {
	select {
	case <-c.ended:
		return true
	default:
		return c.tcp.failed.Load()
	}
}

var errStalled = errors.New("the server does not respond")

// watch closes a connection whose operation is canceled or makes no progress.
type watch struct {
	c     *conn
	mu    sync.Mutex
	timer *time.Timer
	limit time.Duration
	held  bool
	cause error
	stop  func() bool
}

func newWatch(ctx context.Context, c *conn) *watch {
	w := &watch{c: c, limit: c.stall}
	w.timer = time.AfterFunc(c.stall, func() { w.end(errStalled) })
	w.stop = context.AfterFunc(ctx, func() { w.end(ctx.Err()) })
	return w
}

func (w *watch) end(cause error) {
	w.mu.Lock()
	if w.cause == nil {
		w.cause = cause
	}
	w.mu.Unlock()
	w.c.close()
}

// progress begins the limit anew.
func (w *watch) progress() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.held {
		w.timer.Reset(w.limit)
	}
}

// allow sets another limit.
func (w *watch) allow(d time.Duration) {
	w.mu.Lock()
	w.limit = d
	w.mu.Unlock()
	w.progress()
}

// hold suspends the limit while something else than the server is waited for, until
// release.
func (w *watch) hold() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = true
	w.timer.Stop()
}

func (w *watch) release() {
	w.mu.Lock()
	w.held = false
	w.mu.Unlock()
	w.progress()
}

// done ends the watch and returns why it closed the connection, if it did.
func (w *watch) done() error {
	w.timer.Stop()
	w.stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cause
}
