package e2e_test

import (
	"io"
	"net"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// hostAddress is the address under which pods reach this machine: that from which it reaches
// a node.
func hostAddress(t testing.TB) string {
	t.Helper()
	nodes, err := client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range nodes.Items[0].Status.Addresses {
		if a.Type != corev1.NodeInternalIP {
			continue
		}
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "udp", net.JoinHostPort(a.Address, "9")) // nothing is sent
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		host, _, err := net.SplitHostPort(conn.LocalAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		return host
	}
	t.Fatal("the node has no address")
	return ""
}

// relay passes connections on to a server, and cuts all of them whenever so many more bytes
// were sent to it.
type relay struct {
	address string

	mu    sync.Mutex
	to    string
	sent  int64
	cuts  []int64
	conns map[net.Conn]bool
}

func newRelay(t testing.TB, host, to string, cuts ...int64) *relay {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{address: l.Addr().String(), to: to, cuts: cuts, conns: map[net.Conn]bool{}}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go r.serve(conn)
		}
	}()
	return r
}

func (r *relay) serve(conn net.Conn) {
	defer conn.Close()
	r.mu.Lock()
	to := r.to
	r.mu.Unlock()
	server, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer server.Close()
	r.mu.Lock()
	r.conns[conn], r.conns[server] = true, true
	r.mu.Unlock()
	go func() {
		_, _ = io.Copy(conn, server)
		_ = conn.Close()
	}()
	_, _ = io.Copy(io.MultiWriter(server, r), conn)
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, conn)
	delete(r.conns, server)
}

// Write counts what was sent.
func (r *relay) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent += int64(len(p))
	if len(r.cuts) == 0 || r.sent < r.cuts[0] {
		return len(p), nil
	}
	r.cuts = r.cuts[1:]
	for conn := range r.conns {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
	}
	return len(p), nil
}

func (r *relay) total() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sent
}

func (r *relay) cutsLeft() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.cuts)
}
