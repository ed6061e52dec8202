package dav

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/kubevast/vast/internal/share/transport"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// errDestination is wrapped by the error of a MOVE whose Destination the server has not
// accepted.
var errDestination = errors.New("the server does not accept the form of Destination")

// Send sends a request with a body, and returns the error of an answer other than 200, 201
// and 204.
func (s *Share) Send(r *http.Request, content io.ReadCloser, size int64, progress func(int64), doing string) error {
	resp, err := s.client.Send(r, content, size, progress)
	if err != nil {
		return err
	}
	return s.Expect(resp, doing)
}

// Expect closes an answer, and returns the error of one other than 200, 201 and 204.
func (s *Share) Expect(resp *http.Response, doing string) error {
	switch resp.StatusCode {
	case http.StatusOK, http.StatusCreated, http.StatusNoContent:
		_ = resp.Body.Close() // the status is enough
		return nil
	}
	return s.client.Failure(resp, doing)
}

// requestMove sends one MOVE with "Overwrite: F", which can be repeated.
func (s *Share) requestMove(ctx context.Context, from, to string, form destination) error {
	at := s.URL(to)
	value := at.String()
	if form == pathOnly {
		value = at.EscapedPath()
	}
	resp, err := s.client.Do(s.request(ctx, "MOVE", s.URL(from), "Destination", value, "Overwrite", "F"))
	if err != nil {
		return err
	}
	refused := resp.StatusCode == http.StatusBadRequest || resp.StatusCode == http.StatusBadGateway
	if resp.StatusCode == http.StatusMultiStatus { // RFC 4918, 9.9.4: a part of it has failed
		err = &api.NotSupportedError{Message: fmt.Sprintf("cannot rename %q to %q: the server reports that a part has failed", from, to)}
		return errors.Join(err, resp.Body.Close())
	}
	err = s.Expect(resp, fmt.Sprintf("rename %q to %q", from, to))
	if refused {
		err = fmt.Errorf("%w (%w)", err, errDestination)
	}
	return err
}

// move renames a file to a name that is free. After an error it looks at both names: an
// answer may be lost, or be wrong, when the file has been renamed. Size is the file's, or -1.
func (s *Share) move(ctx context.Context, from, to string, size int64) error {
	at, err := s.examine(ctx, true)
	if err != nil {
		return err
	}
	a, err := s.probe(ctx)
	if err != nil {
		return err
	}
	err = s.requestMove(ctx, from, to, a.destination)
	if err == nil {
		return nil
	}
	look, cancel := aside(ctx)
	defer cancel()
	e, toErr := s.entry(look, at, to)
	_, fromErr := s.entry(look, at, from)
	if toErr == nil && !e.Folder && sameSize(e, size) && api.IsNotFound(fromErr) {
		return nil
	}
	if api.IsConflict(err) && toErr == nil {
		return &api.ConflictError{Message: fmt.Sprintf("%q is on the share since this upload has begun", to), Cause: err}
	}
	return err
}

// whileLocked repeats a request for a temporary file some times while that is locked: x/net
// locks a file until it has noticed that the connection of a PUT is cut.
func whileLocked(ctx context.Context, request func() error) error {
	return repeat(ctx, request, transport.IsLocked)
}

// repeat repeats a request some times, for 13 seconds in all, while again accepts its error.
func repeat(ctx context.Context, request func() error, again func(error) bool) error {
	pause := 50 * time.Millisecond
	for range 8 {
		err := request()
		if !again(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
		pause *= 2
	}
	return request()
}

// sameSize reports whether a file has the size, as far as both are known.
func sameSize(e Entry, size int64) bool { return e.Size == size || e.Size < 0 || size < 0 }

// checkSize returns an error unless a file that was stored has the size.
func checkSize(e Entry, name string, size int64) error {
	if sameSize(e, size) {
		return nil
	}
	return &share.TemporaryError{Message: fmt.Sprintf("%q has %d bytes on the share instead of %d", name, e.Size, size)}
}
