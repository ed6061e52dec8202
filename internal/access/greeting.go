package access

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// greeting bounds the wait for a server's first answer, whichever request it
// is to. Later ones may take their time: the server has been seen to be there.
type greeting struct {
	next  http.RoundTripper
	limit time.Duration
	met   atomic.Bool
}

var errNoAnswer = errors.New("no answer")

// RoundTrip implements http.RoundTripper.
func (g *greeting) RoundTrip(req *http.Request) (*http.Response, error) {
	if g.met.Load() {
		return g.next.RoundTrip(req)
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	timer := time.AfterFunc(g.limit, func() { cancel(errNoAnswer) })
	resp, err := g.next.RoundTrip(req.WithContext(ctx))
	timer.Stop()
	switch {
	case errors.Is(context.Cause(ctx), errNoAnswer):
		if err == nil {
			resp.Body.Close()
		}
		return nil, context.DeadlineExceeded
	case err != nil:
		cancel(nil)
		return nil, err
	}
	g.met.Store(true)
	resp.Body = &endedBody{resp.Body, func() { cancel(nil) }}
	return resp, nil
}

// WrappedRoundTripper lets client-go look through to the transport.
func (g *greeting) WrappedRoundTripper() http.RoundTripper { return g.next }

// endedBody calls end when the body is closed.
type endedBody struct {
	io.ReadCloser
	end func()
}

func (b *endedBody) Close() error {
	defer b.end()
	return b.ReadCloser.Close()
}
