package dav

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// abilities are what a server has been seen to do with a scratch file.
type abilities struct {
	// ranges: a PUT with Content-Range writes a part of a file (Apache). Four of six
	// servers replace the whole file by the part instead, so it is never tried on an archive.
	ranges bool
	// readRanges: a GET with Range returns a part.
	readRanges bool
	// moves: MOVE works, with a Destination of the given form.
	moves       bool
	destination destination
	// sums: the server computes SHA-256 (Options.Sum).
	sums bool
	// deletes: DELETE works.
	deletes bool
	// atomicPut: a file appears when its PUT is complete. It is examined only without moves.
	atomicPut bool
}

// destination is a form of the header Destination. Behind a proxy that ends TLS, Apache
// answers 502 and nginx 400 to an absolute URL, whose scheme is not theirs; Apache
// answers 400 to a path.
type destination string

const (
	absolute destination = "absolute"
	pathOnly destination = "path"
)

// cleanupTime limits how long it is tried to remove what a failed request has left.
const cleanupTime = 30 * time.Second

// aside returns a context that outlives ctx for a clean-up.
func aside(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
}

// probe examines the server with a scratch file, once.
func (s *Share) probe(ctx context.Context) (abilities, error) {
	id := make([]byte, 8)
	_, _ = rand.Read(id) // never fails
	return s.probeAs(ctx, fmt.Sprintf("%x", id))
}

// probeAs names the scratch file by id: the same upload uses the same again, and so
// removes what an earlier attempt has left.
func (s *Share) probeAs(ctx context.Context, id string) (abilities, error) {
	at, err := s.examine(ctx, true)
	if err != nil {
		return abilities{}, err
	}
	s.probing.Lock()
	defer s.probing.Unlock()
	if s.abilities != nil {
		return *s.abilities, nil
	}
	p := probe{share: s, at: at, from: "probe" + share.TemporaryMark + id, to: "probed" + share.TemporaryMark + id}
	a, err := p.run(ctx)
	cleanup, cancel := aside(ctx)
	defer cancel()
	deleteErr := s.delete(cleanup, p.to)
	if err != nil || !a.moves {
		deleteErr = errors.Join(deleteErr, s.delete(cleanup, p.from))
	}
	switch {
	case err != nil:
		return abilities{}, err
	case api.IsForbidden(deleteErr), api.IsNotSupported(deleteErr):
	case deleteErr != nil:
		return abilities{}, deleteErr
	default:
		a.deletes = true
	}
	s.abilities = &a
	return a, nil
}

const (
	scratch    = "0123456789"
	scratchSum = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882" // SHA-256
)

type probe struct {
	share    *Share
	at       folder
	from, to string
}

func (p probe) run(ctx context.Context) (a abilities, err error) {
	if err := p.put(ctx, scratch, ""); err != nil {
		return a, err
	}
	if sum := p.share.options.Sum; sum != nil {
		sums, err := sum(ctx, p.share, p.from)
		if err != nil {
			return a, err
		}
		a.sums = sums.SHA256 == scratchSum
	}
	if p.share.options.Store == nil {
		err := p.put(ctx, "abcdefghij", "bytes 5-14/15")
		if temporary(err) {
			return a, err
		}
	}
	text, partial, err := p.get(ctx)
	if err != nil {
		return a, err
	}
	a.readRanges = partial
	a.ranges = text == "01234abcdefghij"
	for _, form := range []destination{absolute, pathOnly} {
		a.destination = form
		if a.moves, err = p.moved(ctx, form); err != nil || a.moves {
			return a, err
		}
	}
	a.atomicPut, err = p.atomic(ctx)
	return a, err
}

// put stores a text in the scratch file.
func (p probe) put(ctx context.Context, text, contentRange string) error {
	r := p.share.request(ctx, http.MethodPut, p.share.URL(p.from))
	if contentRange != "" {
		r.Header.Set("Content-Range", contentRange)
	}
	return p.share.Send(r, io.NopCloser(strings.NewReader(text)), int64(len(text)), nil, "store a small file on the share")
}

// get reads the scratch file but for its first two bytes, which are known.
func (p probe) get(ctx context.Context) (text string, partial bool, err error) {
	resp, err := p.share.client.Do(p.share.request(ctx, http.MethodGet, p.share.URL(p.from), "Range", "bytes=2-", "Accept-Encoding", "identity"))
	if err != nil {
		return "", false, err
	}
	partial = resp.StatusCode == http.StatusPartialContent
	if !partial && resp.StatusCode != http.StatusOK {
		return "", false, p.share.client.Failure(resp, "read a small file on the share")
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	body, err := io.ReadAll(io.LimitReader(resp.Body, 100))
	if text = string(body); partial {
		text = "01" + text
	}
	return text, partial, err
}

// moved reports whether MOVE works with a form of Destination.
func (p probe) moved(ctx context.Context, form destination) (bool, error) {
	for again := false; ; again = true {
		err := p.share.requestMove(ctx, p.from, p.to, form)
		switch {
		case temporary(err) && !errors.Is(err, errDestination):
			return false, err
		case api.IsConflict(err) && !again: // from an earlier attempt
			if err := p.share.delete(ctx, p.to); err != nil {
				return false, err
			}
			continue
		case err != nil:
			return false, nil
		}
		_, err = p.share.entry(ctx, p.at, p.to)
		if api.IsNotFound(err) {
			return false, nil
		}
		return err == nil, err
	}
}

// atomic reports whether a file is absent as long as its PUT is incomplete.
func (p probe) atomic(ctx context.Context) (bool, error) {
	if err := p.share.delete(ctx, p.from); err != nil {
		return false, nil // without DELETE nothing is stored without a temporary name
	}
	half := bytes.Repeat([]byte("0123456789abcdef"), 4<<10)
	absent := false
	body := io.MultiReader(bytes.NewReader(half), callReader(func() {
		_, err := p.share.entry(ctx, p.at, p.from)
		absent = api.IsNotFound(err)
	}), bytes.NewReader(half))
	r := p.share.request(ctx, http.MethodPut, p.share.URL(p.from))
	if err := p.share.Send(r, io.NopCloser(body), int64(2*len(half)), nil, "store a small file on the share"); err != nil {
		return false, err
	}
	e, err := p.share.entry(ctx, p.at, p.from)
	return err == nil && absent && e.Size == int64(2*len(half)), err
}

// callReader is an empty reader that calls a function when it is read.
type callReader func()

func (c callReader) Read([]byte) (int, error) {
	c()
	return 0, io.EOF
}

func temporary(err error) bool {
	var t *share.TemporaryError
	return errors.As(err, &t)
}
