package transport

import (
	"context"
	"io"
	"net"
	"time"
)

// copyBuffer is what is sent at once over a connection without TLS, where net/http
// would send 32 KiB.
const copyBuffer = 256 << 10

// dial returns the function that opens connections.
func dial(timeout time.Duration) func(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: timeout, KeepAlive: 15 * time.Second}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &conn{Conn: c}, nil
	}
}

// conn sends a body in large pieces. net/http calls ReadFrom.
type conn struct{ net.Conn }

// ReadFrom implements io.ReaderFrom.
func (c *conn) ReadFrom(r io.Reader) (int64, error) {
	return io.CopyBuffer(struct{ io.Writer }{c.Conn}, struct{ io.Reader }{r}, make([]byte, copyBuffer))
}
