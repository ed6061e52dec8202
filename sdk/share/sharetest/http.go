package sharetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

func isHTTP(o Options) bool { return o.Address != "" && o.HTTP }

func isSlowHTTP(o Options) bool { return isHTTP(o) && o.Stall > 0 }

func hasSecrets(o Options) bool { return isHTTP(o) && len(o.Secrets) > 0 }

func httpSize(overwrite bool) int64 {
	if overwrite {
		return 700 * kib
	}
	return 300 * kib
}

func httpTests() []test {
	return []test{
		{name: "each request of an upload may be refused once", run: refusedOnce, needs: isHTTP},
		{name: "the answer to each request of an upload may be lost", run: lostAnswers, needs: isHTTP},
		{name: "requests with content may be refused always", run: refusedAlways, needs: isHTTP},
		{name: "an upload that the server does not answer is repeated", run: unanswered, needs: isSlowHTTP},
		{name: "an overloaded server is not asked before the time that it names", run: retryAfter, needs: isHTTP},
		{name: "refused credentials end an upload before its content is sent", run: unauthorized, needs: hasSecrets},
		{name: "a redirect is an error and is not followed", run: redirected, needs: isHTTP},
		{name: "a server that ignores ranges is read from the beginning", run: ignoredRange, needs: isHTTP},
		{name: "an upload that arrives with another size is no success", run: wrongSize, needs: isHTTP},
		{name: "a download that ends early is no success", run: shortDownload, needs: isHTTP},
		{name: "each request of a listing, a look and a removal may be refused", run: refusedOthers, needs: isHTTP},
	}
}

// statuses are answers in the server's place. Those of temporary are repeated for certain.
var (
	statuses = []int{401, 403, 404, 405, 409, 413, 423, 429, 500, 502, 503, 504, 507}
	// fewStatuses has one of each class.
	fewStatuses = []int{403, 404, 405, 409, 500, 503}
	temporary   = map[int]bool{429: true, 502: true, 503: true, 504: true}
)

// requestsOf returns how many requests an upload without faults sends after its
// provider was opened.
func (s *suite) requestsOf(direct share.ShareProvider, overwrite bool) int {
	s.Helper()
	name, _, c := s.prepared(direct, overwrite, httpSize(overwrite))
	f := s.front(nil)
	p := s.open(f.address())
	s.capabilities(p)
	before := len(f.seen())
	if _, err := p.Upload(s.ctx, name, c.source(), share.UploadOptions{Overwrite: overwrite}); err != nil {
		s.Fatal(err)
	}
	n := len(f.seen()) - before
	s.remove(direct, name)
	return n
}

// openFaulty opens a provider through a front whose fault happens to requests after
// that; they are counted from 0.
func (s *suite) openFaulty(what *fault) (share.ShareProvider, *front) {
	s.Helper()
	f := s.front(nil)
	p := s.open(f.address())
	s.capabilities(p)
	f.mu.Lock()
	defer f.mu.Unlock()
	before, applies := len(f.requests), what.applies
	what.applies = func(n int, r *http.Request) bool { return applies(n-before, r) }
	f.fault = what
	return p, f
}

// attempt makes one attempt under a fault, and then repeats it without.
func (s *suite) attempt(direct share.ShareProvider, overwrite bool, what string, cause *fault, expect func(err error)) {
	s.Helper()
	name, old, c := s.prepared(direct, overwrite, httpSize(overwrite))
	p, f := s.openFaulty(cause)
	o := transfer(overwrite)
	_, err := p.Upload(s.ctx, name, c.source(), o.UploadOptions)
	if err != nil {
		s.named(err, what)
	}
	if expect != nil {
		expect(err)
	}
	s.wholeOrOld(direct, name, old, c, what)
	if err != nil && !errors.As(err, new(*share.TemporaryError)) && f.happened() == 1 {
		// A permanent error leaves nothing, since the server answered again.
		s.onlyNew(name)
	}
	f.mu.Lock()
	f.fault.applies = func(int, *http.Request) bool { return false }
	f.mu.Unlock()
	o.Overwrite = true // it may have arrived
	s.arrives(p, direct, name, c, o, what)
	s.remove(direct, name)
}

// named is proper, with the fault's name.
func (s *suite) named(err error, what string) {
	s.Helper()
	failed := s.Failed()
	s.proper(err)
	if !failed && s.Failed() {
		s.Logf("the first error of this kind: %s", what)
	}
}

func refusedOnce(s *suite) {
	direct := s.direct()
	s.overOld(func(overwrite bool) {
		n := s.requestsOf(direct, overwrite)
		some := statuses
		if overwrite {
			some = fewStatuses // the old archive is at stake, not what each of them means
		}
		for at := range n {
			for _, status := range some {
				what := fmt.Sprintf("request %d answered with %d, overwrite %v", at, status, overwrite)
				s.attempt(direct, overwrite, what, &fault{applies: onlyAt(at), serve: answers(status)}, nil)
				if !temporary[status] {
					continue
				}
				name, _, c := s.prepared(direct, overwrite, httpSize(overwrite))
				p, _ := s.openFaulty(&fault{applies: onlyAt(at), serve: answers(status)})
				s.arrives(p, direct, name, c, transfer(overwrite), what+", by Upload")
				s.remove(direct, name)
			}
		}
	})
}

func lostAnswers(s *suite) {
	direct := s.direct()
	s.overOld(func(overwrite bool) {
		n := s.requestsOf(direct, overwrite)
		for at := range n {
			what := fmt.Sprintf("answer to request %d lost, overwrite %v", at, overwrite)
			s.attempt(direct, overwrite, what, &fault{applies: onlyAt(at), serve: loses}, func(err error) {
				if err != nil {
					s.temporary(err, what)
				}
			})
			name, _, c := s.prepared(direct, overwrite, httpSize(overwrite))
			p, f := s.openFaulty(&fault{applies: onlyAt(at), serve: loses})
			s.arrives(p, direct, name, c, transfer(overwrite), what+", by Upload")
			if f.happened() == 0 {
				s.Errorf("%s: it was not", what)
			}
			s.remove(direct, name)
		}
	})
}

func refusedAlways(s *suite) {
	direct := s.direct()
	s.overOld(func(overwrite bool) {
		for _, status := range statuses {
			what := fmt.Sprintf("content answered with %d, overwrite %v", status, overwrite)
			s.attempt(direct, overwrite, what, &fault{applies: withContent, serve: answers(status)}, func(err error) {
				if err == nil {
					s.Errorf("%s: the upload succeeds", what)
				}
				if (status == 401 || status == 403) && !api.IsForbidden(err) {
					s.Errorf("%s: %T %v", what, err, err)
				}
				if temporary[status] {
					s.temporary(err, what)
				}
				if status == 413 || status == 507 {
					if errors.As(err, new(*share.TemporaryError)) {
						s.Errorf("%s is no temporary error: %v", what, err)
					}
				}
			})
		}
	})
}

// unanswered holds the answer to the content back until the client gives up.
func unanswered(s *suite) {
	direct := s.direct()
	s.attempt(direct, false, "no answer", &fault{applies: withContent, serve: func(_ *front, w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // it may be cut
		<-r.Context().Done()
	}}, func(err error) { s.temporary(err, "no answer") })
}

func retryAfter(s *suite) {
	direct := s.direct()
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		s.attempt(direct, false, strconv.Itoa(status), &fault{applies: always, serve: answers(status, "Retry-After", "7")}, func(err error) {
			var e *share.TemporaryError
			if !errors.As(err, &e) || e.RetryAfter != 7*time.Second {
				s.Errorf("%d: the error has no pause of 7 seconds: %T %v", status, err, err)
			}
		})
	}
}

func unauthorized(s *suite) {
	direct := s.direct()
	name, c := s.archive(16 * mib)
	p, f := s.openFaulty(&fault{applies: always, serve: answers(http.StatusUnauthorized, "WWW-Authenticate", `Basic realm="share"`)})
	_, err := share.Upload(s.ctx, p, name, c.source(), transfer(false))
	if !api.IsForbidden(err) {
		s.Errorf("%T %v", err, err)
	}
	s.proper(err)
	_, err = p.Upload(s.ctx, name, c.source(), share.UploadOptions{})
	if !api.IsForbidden(err) {
		s.Errorf("one attempt: %T %v", err, err)
	}
	var sent int64
	for _, r := range f.seen() {
		sent += r.body
	}
	if sent > mib {
		s.Errorf("%d bytes were sent with refused credentials", sent)
	}
	// A server counts refused attempts, and slows down.
	if n := f.happened(); n > 6 {
		s.Errorf("%d requests were sent with refused credentials", n)
	}
	s.mustNotHave(direct, name)
	s.onlyNew()
}

func refusedOthers(s *suite) {
	direct := s.direct()
	can := s.capabilities(direct)
	for _, status := range statuses {
		name, c := s.archive(100)
		s.put(direct, name, c)
		calls := map[string]func(p share.ShareProvider) error{
			"Stat": func(p share.ShareProvider) error { _, err := p.Stat(s.ctx, name); return err },
			"Download": func(p share.ShareProvider) error {
				_, err := p.Download(s.ctx, name, &comparer{want: c}, share.DownloadOptions{})
				return err
			},
		}
		if can.List {
			calls["List"] = func(p share.ShareProvider) error {
				for _, err := range p.List(s.ctx) {
					if err != nil {
						return err
					}
				}
				return nil
			}
		}
		if can.Remove {
			calls["Remove"] = func(p share.ShareProvider) error { return p.Remove(s.ctx, name) }
		}
		for method, call := range calls {
			what := fmt.Sprintf("%s answered with %d", method, status)
			p, f := s.openFaulty(&fault{applies: always, serve: answers(status)})
			err := call(p)
			if err == nil || f.happened() == 0 {
				s.Errorf("%s: it succeeds", what)
				continue
			}
			s.named(err, what)
			if temporary[status] {
				s.temporary(err, what)
			}
			if (status == 401 || status == 403) && !api.IsForbidden(err) {
				s.Errorf("%s: %T %v", what, err, err)
			}
			if status == 404 && method != "List" && !api.IsNotFound(err) {
				s.Errorf("%s: %T %v", what, err, err)
			}
		}
		s.mustHave(direct, name, c)
		s.remove(direct, name)
	}
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	if _, err := direct.Stat(ctx, "name"); !errors.Is(err, context.Canceled) {
		s.Errorf("Stat with an ended context: %T %v", err, err)
	}
}
