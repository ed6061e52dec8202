package sharetest

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
)

// end is how a connection is cut.
type end int

const (
	byFIN end = iota
	byRST
	// byStall keeps the connection open, and passes nothing more on.
	byStall
)

// direction of bytes through a relay.
type direction int

const (
	up   direction = iota // to the server
	down                  // from the server
)

// relay passes TCP connections on to a server, and cuts them once.
type relay struct {
	server string
	l      net.Listener
	mu     sync.Mutex
	// passed counts the bytes of all connections.
	passed [2]int64
	cut    *cut
	conns  map[net.Conn]bool
	all    sync.WaitGroup
}

// cut ends all connections when so many bytes have passed in one direction.
type cut struct {
	direction direction
	after     int64
	how       end
	// done is closed when it has happened.
	done chan struct{}
}

func newCut(d direction, after int64, how end) *cut {
	return &cut{direction: d, after: after, how: how, done: make(chan struct{})}
}

// happened reports whether the connections were cut.
func (c *cut) happened() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// relay starts a relay to the suite's server, which ends with the test.
func (s *suite) relay(c *cut) *relay {
	s.Helper()
	l, err := (&net.ListenConfig{}).Listen(s.ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		s.Fatal(err)
	}
	r := &relay{server: s.Address, l: l, cut: c, conns: map[net.Conn]bool{}}
	r.all.Go(r.serve)
	s.Cleanup(func() {
		_ = l.Close()
		r.endAll(byRST)
		r.all.Wait()
	})
	return r
}

func (r *relay) address() string { return r.l.Addr().String() }

// count returns how many bytes have passed.
func (r *relay) count(d direction) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.passed[d]
}

func (r *relay) serve() {
	for {
		client, err := r.l.Accept()
		if err != nil {
			return
		}
		server, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", r.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		r.mu.Lock()
		r.conns[client], r.conns[server] = true, true
		r.mu.Unlock()
		r.all.Go(func() { r.pass(client, server, up) })
		r.all.Go(func() { r.pass(server, client, down) })
	}
}

// errStalled ends a direction without closing the connections.
var errStalled = errors.New("stalled")

// pass copies one direction until its end, and passes that on.
func (r *relay) pass(from, to net.Conn, d direction) {
	buffer := make([]byte, 16*kib)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if writeErr := r.write(to, buffer[:n], d); writeErr != nil {
				if errors.Is(writeErr, errStalled) {
					return
				}
				err = writeErr
			}
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				_ = to.(*net.TCPConn).CloseWrite() // the other direction goes on
				return
			}
			r.close(from)
			r.close(to)
			return
		}
	}
}

// write passes bytes on, up to the cut.
func (r *relay) write(to net.Conn, p []byte, d direction) error {
	r.mu.Lock()
	c, before := r.cut, r.passed[d]
	due := c != nil && c.direction == d && !c.happened() && before+int64(len(p)) >= c.after
	if due {
		p = p[:c.after-before]
	}
	r.passed[d] += int64(len(p))
	if due {
		close(c.done)
	}
	r.mu.Unlock()
	if _, err := to.Write(p); err != nil {
		return err
	}
	if !due {
		return nil
	}
	if c.how == byStall {
		return errStalled
	}
	r.endAll(c.how)
	return net.ErrClosed
}

func (r *relay) close(conn net.Conn) {
	r.mu.Lock()
	delete(r.conns, conn)
	r.mu.Unlock()
	_ = conn.Close()
}

// endAll ends all connections.
func (r *relay) endAll(how end) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for conn := range r.conns {
		if tcp, ok := conn.(*net.TCPConn); ok && how == byRST {
			_ = tcp.SetLinger(0) // Close sends RST then
		}
		_ = conn.Close()
		delete(r.conns, conn)
	}
}
