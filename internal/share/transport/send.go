package transport

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// expectFrom is the size from which on a body waits for the server's "100 Continue". A
// smaller one costs less than the round trip.
const expectFrom = 16 << 10

// Send is Do for a request with a body: size bytes of content, which it closes. Progress, if
// set, receives how many of them were read, and is not called after Send has returned. Content may be read until the answer is closed.
//
// The body is sent when the server agrees to ("Expect: 100-continue"), so that a refusal
// costs nothing. An error of content is returned as it is.
func (c *Client) Send(r *http.Request, content io.ReadCloser, size int64, progress func(int64)) (*http.Response, error) {
	r.ContentLength = size
	if size == 0 {
		_ = content.Close() // nothing was read from it
		r.Body = http.NoBody
		return c.Do(r)
	}
	if size >= expectFrom {
		r.Header.Set("Expect", "100-continue")
	}
	r.Body = &sentBody{content: content, left: size, progress: progress}
	return c.Do(r)
}

// sentBody is the body of a request. net/http may still read it when the answer is there,
// until the answer is closed: an error then would end the connection before the answer is
// read.
type sentBody struct {
	mu       sync.Mutex
	content  io.ReadCloser
	left     int64
	sent     int64
	progress func(int64)
	w        *watch
	muted    bool
	closed   bool
	failed   error
}

var errEnded = errors.New("the request has ended")

func (b *sentBody) watch(w *watch) { b.w = w }

func (b *sentBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.left == 0:
		return 0, io.EOF
	case b.closed:
		return 0, errEnded
	case b.failed != nil:
		return 0, b.failed
	}
	if !b.muted {
		b.w.stop()
	}
	n, err := b.content.Read(p[:min(int64(len(p)), b.left)])
	if !b.muted {
		b.w.start()
	}
	b.left -= int64(n)
	b.sent += int64(n)
	if n > 0 && b.progress != nil && !b.muted {
		b.progress(b.sent)
	}
	switch {
	case b.left == 0:
		err = io.EOF
	case errors.Is(err, io.EOF):
		err = fmt.Errorf("the content ends %d bytes too early: %w", b.left, io.ErrUnexpectedEOF)
		b.failed = err
	case err != nil:
		b.failed = err
	}
	return n, err
}

// mute ends the reports of progress and the wait for the server: the answer is there.
func (b *sentBody) mute() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.muted = true
}

// Close is called by net/http.
func (b *sentBody) Close() error {
	b.end()
	return nil
}

func (b *sentBody) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.closed = true
		_ = b.content.Close() // it was only read
	}
}

// failure returns the error of the content.
func (b *sentBody) failure() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failed
}
