package portforward

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/streaming/pkg/httpstream"

	"github.com/kubevast/vast/internal/text"
)

// open makes one connection within the tunnel's stream, as a pair of streams:
// one for the data, one for the node's errors.
func (t *tunnel) open(address string) (net.Conn, error) {
	stream := t.stream
	t.next++
	headers := http.Header{}
	headers.Set(corev1.PortHeader, strconv.Itoa(int(t.port)))
	headers.Set(corev1.PortForwardRequestIDHeader, strconv.Itoa(t.next))
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	problems, err := stream.CreateStream(headers)
	if err != nil {
		return nil, err
	}
	_ = problems.Close() // this side writes nothing to it
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	data, err := stream.CreateStream(headers)
	if err != nil {
		stream.RemoveStreams(problems)
		return nil, err
	}
	c := &streamConn{Stream: data, address: address, failed: make(chan struct{}), closed: make(chan struct{})}
	c.remove = sync.OnceFunc(func() {
		close(c.closed)
		stream.RemoveStreams(data)
	})
	go func() {
		message, _ := io.ReadAll(problems) // it ends with the connection
		stream.RemoveStreams(problems)
		c.problem = text.Line(string(message))
		close(c.failed)
		if c.problem != "" {
			_ = data.Reset() // nothing more comes
			t.lost(stream)
		}
	}()
	return c, nil
}

// streamConn is a stream as a net.Conn. It has no deadlines: requests are
// ended by their contexts, which close it.
type streamConn struct {
	httpstream.Stream
	address string
	remove  func()
	closed  chan struct{}
	// failed is closed when problem holds the node's error.
	failed  chan struct{}
	problem string
}

// Read returns the node's error where a plain end of the stream would hide it.
func (c *streamConn) Read(p []byte) (int, error) {
	n, err := c.Stream.Read(p)
	if err == nil {
		return n, nil
	}
	// The node ends the stream of problems before that of the data.
	select {
	case <-c.failed:
		if c.problem != "" {
			err = fmt.Errorf("the way to its pod broke: %s", c.problem)
		}
	case <-c.closed:
	}
	return n, err
}

func (c *streamConn) Close() error {
	err := c.Reset()
	c.remove()
	return err
}

type streamAddr string

func (streamAddr) Network() string  { return "tunnel" }
func (a streamAddr) String() string { return string(a) }

func (c *streamConn) LocalAddr() net.Addr              { return streamAddr("here") }
func (c *streamConn) RemoteAddr() net.Addr             { return streamAddr(c.address) }
func (c *streamConn) SetDeadline(time.Time) error      { return nil }
func (c *streamConn) SetReadDeadline(time.Time) error  { return nil }
func (c *streamConn) SetWriteDeadline(time.Time) error { return nil }
