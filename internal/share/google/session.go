package google

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/kubevast/vast/sdk/share"
)

const (
	// quantum is what the size of each request but the last is a multiple of.
	quantum = 256 << 10
	// maxIdle is how many requests in a row may be answered with the same offset.
	maxIdle = 3
	// statusCanceled is the answer to the cancellation of a session.
	statusCanceled = 499
)

// maxSend is how many bytes of content one request has; tests reduce it. They are read from
// the source while they are sent, so the size needs no memory: it limits what is lost if the
// service keeps nothing of a request that was cut, and each request costs two round trips.
var maxSend int64 = 1024 * quantum

// errGone: the session does not exist any more, and a new one is needed.
var errGone = errors.New("the upload's session has ended")

// saved is what the state of an upload contains, as JSON.
type saved struct {
	// Session is the session's URI; without scheme and host if they are those of
	// the endpoint. It is a credential. Empty: there is none.
	Session string `json:"session,omitempty"`
	// Upload is the id that is stored with the content.
	Upload string `json:"upload"`
	// Version is Present.Version at the start of the session.
	Version string `json:"version"`
	// Name, Size and SHA256 are those of the content.
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// session is a resumable upload.
type session struct {
	client  *Client
	source  share.Source
	options share.UploadOptions
	saved   saved
}

// load returns the session of the state. It is not open if the state is empty or belongs to
// another content.
func (c *Client) load(ctx context.Context, name string, source share.Source, o share.UploadOptions) (*session, error) {
	s := &session{client: c, source: source, options: o}
	s.saved = saved{Name: name, Size: source.Size, SHA256: source.Checksums.SHA256}
	if o.State == nil {
		return s, nil
	}
	text, err := o.State.Load(ctx)
	if err != nil {
		return nil, err
	}
	var was saved
	if json.Unmarshal([]byte(text), &was) != nil || was.Name != name || was.Size != source.Size || was.SHA256 != source.Checksums.SHA256 {
		return s, nil // it is replaced
	}
	if _, err := c.base.Parse(was.Session); err != nil {
		was.Session = ""
	}
	s.saved = was
	return s, nil
}

func (s *session) open() bool { return s.saved.Session != "" }

func (s *session) save(ctx context.Context) error {
	if s.options.State == nil {
		return nil
	}
	text, err := json.Marshal(s.saved)
	if err != nil {
		return err
	}
	return s.options.State.Save(ctx, string(text))
}

// forget removes the session from the state.
func (s *session) forget(ctx context.Context) error {
	s.saved.Session, s.saved.Upload = "", ""
	if s.options.State == nil {
		return nil
	}
	return s.options.State.Save(ctx, "")
}

// cancel removes the session from the service and from the state.
func (s *session) cancel(ctx context.Context) error {
	if s.open() {
		// A session that cannot be removed ends by itself after a week, and is
		// never visible; the answer is always an error, 499.
		if resp, err := s.request(ctx, http.MethodDelete, "", 0, nil, nil); err == nil {
			_ = resp.Body.Close()
		}
	}
	return s.forget(ctx)
}

// start starts a session and saves it.
func (s *session) start(ctx context.Context, r Request, version, id string) error {
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("X-Upload-Content-Type", "application/octet-stream")
	r.Header.Set("X-Upload-Content-Length", strconv.FormatInt(s.source.Size, 10))
	resp, err := s.client.do(ctx, r)
	if err != nil {
		return err
	}
	_ = resp.Body.Close() // the session is in the header
	at, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || at.Host == "" || at.Scheme != "https" && at.Scheme != s.client.base.Scheme {
		return unusable("the server starts an upload without the address of a session")
	}
	if at.Scheme == s.client.base.Scheme && at.Host == s.client.base.Host {
		at.Scheme, at.Host = "", ""
	}
	s.saved.Session, s.saved.Version, s.saved.Upload = at.String(), version, id
	return s.save(ctx)
}

// status asks how much has arrived. Resource is not nil if all has. If the session is gone,
// which is errGone, it is closed.
func (s *session) status(ctx context.Context) (resource json.RawMessage, sent int64, err error) {
	resp, err := s.request(ctx, http.MethodPut, fmt.Sprintf("bytes */%d", s.source.Size), 0, nil, nil)
	return s.answer(resp, err)
}

// send sends the content from offset sent on, and returns the description of what is stored.
func (s *session) send(ctx context.Context, sent int64) (json.RawMessage, error) {
	for idle := 0; idle < maxIdle; {
		s.progress(sent)
		n := min(s.source.Size-sent, maxSend)
		span := fmt.Sprintf("bytes %d-%d/%d", sent, sent+n-1, s.source.Size)
		if n == 0 {
			// All has arrived, or there is nothing to send; the answer is the resource.
			span = fmt.Sprintf("bytes */%d", s.source.Size)
		}
		open := func() (io.ReadCloser, error) { return s.source.Open(ctx, sent) }
		resp, err := s.request(ctx, http.MethodPut, span, n, open, func(m int64) { s.progress(sent + m) })
		resource, now, err := s.answer(resp, err)
		if err != nil || resource != nil {
			return resource, err
		}
		if idle++; now > sent {
			idle = 0
		}
		sent = now
	}
	return nil, &share.TemporaryError{Message: fmt.Sprintf("the server keeps %d of %d bytes and takes no more", sent, s.source.Size)}
}

func (s *session) progress(sent int64) {
	if s.options.Progress != nil {
		s.options.Progress(sent)
	}
}

// answer reads the answer of a session: a resource, or how many bytes have arrived. A 308
// has a Range of what is stored, and none if that is nothing.
func (s *session) answer(resp *http.Response, err error) (resource json.RawMessage, sent int64, _ error) {
	var refused *StatusError
	if errors.As(err, &refused) && refused.gone() {
		s.saved.Session = ""
		return nil, 0, errGone
	}
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	if resp.StatusCode != http.StatusPermanentRedirect {
		err := s.client.decode(resp, &resource)
		return resource, s.source.Size, err
	}
	stored := resp.Header.Get("Range")
	if stored == "" {
		return nil, 0, nil
	}
	last, found := strings.CutPrefix(stored, "bytes=0-")
	n, err := strconv.ParseInt(last, 10, 64)
	if !found || err != nil || n < 0 || n >= s.source.Size {
		s.saved.Session = ""
		return nil, 0, errGone // what is stored is not a beginning of the content
	}
	return nil, n + 1, nil
}

// request sends a request to the session's URI, with size bytes of what open returns.
func (s *session) request(ctx context.Context, method, span string, size int64, open func() (io.ReadCloser, error), progress func(int64)) (*http.Response, error) {
	at, err := s.client.base.Parse(s.saved.Session)
	if err != nil {
		return nil, err // load has parsed it
	}
	return s.client.send(ctx, func() (*http.Response, error) {
		r, err := s.client.request(ctx, method, at)
		if err != nil {
			return nil, err
		}
		if span != "" {
			r.Header.Set("Content-Range", span)
		}
		body := io.ReadCloser(http.NoBody)
		if size > 0 {
			if body, err = open(); err != nil {
				return nil, err
			}
		}
		return s.client.http.Send(r, body, size, progress)
	})
}
