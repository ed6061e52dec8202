package dav

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/studio-b12/gowebdav"

	"github.com/kubevast/vast/internal/share/transport"
)

// makeFolder makes the share's folder; that it exists is no error.
func (s *Share) makeFolder(ctx context.Context) error {
	return s.withLibrary(ctx, s.root, fmt.Sprintf("create the folder %q", s.client.URL(s.root)), func(c *gowebdav.Client) error {
		return c.Mkdir("/", 0)
	})
}

// delete removes a file; that it does not exist is no error.
func (s *Share) delete(ctx context.Context, name string) error {
	return s.withLibrary(ctx, s.URL(name), fmt.Sprintf("remove %q", name), func(c *gowebdav.Client) error {
		return c.Remove(name)
	})
}

// withLibrary performs one operation at one URL with gowebdav (v0.13.0), which does
// MKCOL and DELETE right: with the slash that nginx requires, and with 405 and 404 as
// success. Everything else is in requests of this package:
//
//   - PUT: WriteStream holds the whole body in memory, WriteStreamWithLength sends MKCOL
//     for the parent before each, and neither sets "Expect", without which Apache reads
//     the body before it answers 401.
//   - MOVE: Rename repeats itself after 409 without end, prints the body of a 207 to the
//     standard logger, and has no other form of Destination.
//   - PROPFIND: ReadDir returns a part of a listing that is cut off, and Stat a FileInfo
//     that must not be used where no propstat has status 200.
//   - GET: ReadStreamRange returns nothing, without an error, from a server that ignores
//     Range.
//
// The library has no context, escapes a root twice, follows redirects, returns the number of a
// status without its text, and calls all errors of the network 400. So its requests are
// sent by the transport of this module to a URL that is made here, and the errors are
// those of the transport.
func (s *Share) withLibrary(ctx context.Context, at *url.URL, doing string, operation func(*gowebdav.Client) error) error {
	t := &libraryTransport{ctx: ctx, client: s.client, at: at, doing: doing}
	c := gowebdav.NewAuthClient("http://share/", gowebdav.NewPreemptiveAuth(noAuth{}))
	c.SetTransport(t)
	switch err := operation(c); {
	case err == nil:
		return nil
	case t.err != nil:
		return t.err
	default:
		return fmt.Errorf("cannot %s: %w", doing, err)
	}
}

// libraryTransport sends each request of the library to the URL at.
type libraryTransport struct {
	ctx    context.Context // the library takes none
	client *transport.Client
	at     *url.URL
	doing  string
	// err is the error of the last request.
	err error
}

func (t *libraryTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.client.Do(t.client.NewRequest(t.ctx, r.Method, t.at))
	if t.err = err; err != nil {
		return nil, err
	}
	if resp.StatusCode >= http.StatusBadRequest {
		t.err = t.client.Failure(resp, t.doing)
		resp.Body = io.NopCloser(strings.NewReader("")) // Failure has read it
	}
	if resp.StatusCode == http.StatusUnauthorized {
		return nil, errors.New("unauthorized") // else the library asks for other credentials
	}
	return resp, nil
}

// noAuth adds no credentials: those of the transport are there already.
type noAuth struct{}

func (noAuth) Authorize(*http.Client, *http.Request, string) error       { return nil }
func (noAuth) Verify(*http.Client, *http.Response, string) (bool, error) { return false, nil }
func (noAuth) Clone() gowebdav.Authenticator                             { return noAuth{} }
func (noAuth) Close() error                                              { return nil }
