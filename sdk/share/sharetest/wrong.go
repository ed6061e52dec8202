package sharetest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kubevast/vast/sdk/share"
)

func redirected(s *suite) {
	direct := s.direct()
	var visits, credentials atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		visits.Add(1)
		if r.Header.Get("Authorization") != "" {
			credentials.Add(1)
		}
	}))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		what := fmt.Sprintf("redirect %d", status)
		s.attempt(direct, false, what, &fault{applies: always, serve: func(f *front, w http.ResponseWriter, r *http.Request) {
			answers(status, "Location", other.URL+"/login")(f, w, r)
		}}, func(err error) {
			if err == nil || errors.As(err, new(*share.TemporaryError)) || !strings.Contains(err.Error(), other.Listener.Addr().String()) {
				s.Errorf("%s: the error is to name the new address: %T %v", what, err, err)
			}
		})
		name, c := s.archive(100)
		s.put(direct, name, c)
		p, _ := s.openFaulty(&fault{applies: always, serve: answers(status, "Location", other.URL+"/login")})
		if s.capabilities(direct).Remove {
			s.proper(p.Remove(s.ctx, name))
		}
		_, err := p.Stat(s.ctx, name)
		s.proper(err)
		_, err = p.Download(s.ctx, name, &comparer{want: c}, share.DownloadOptions{})
		s.proper(err)
		s.mustHave(direct, name, c)
		s.remove(direct, name)
	}
	if visits.Load() > 0 {
		s.Errorf("%d requests followed a redirect, %d of them with credentials", visits.Load(), credentials.Load())
	}
}

func ignoredRange(s *suite) {
	direct := s.direct()
	name, c := s.archive(2*mib + 3)
	s.put(direct, name, c)
	p, _ := s.openFaulty(&fault{applies: withMethod(http.MethodGet), serve: func(f *front, w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Range")
		f.pass(w, r)
	}})
	for _, offset := range []int64{1, mib, c.size} {
		w := &comparer{want: c}
		o, err := p.Download(s.ctx, name, w, share.DownloadOptions{Offset: offset})
		if err := errors.Join(err, sameObject(o, name, c), w.check(offset)); err != nil {
			s.Errorf("offset %d: %v", offset, err)
		}
	}
	s.remove(direct, name)
}

// wrongSize lets less of the content arrive than the client sends.
func wrongSize(s *suite) {
	direct := s.direct()
	s.overOld(func(overwrite bool) {
		what := fmt.Sprintf("content without its last bytes, overwrite %v", overwrite)
		s.attempt(direct, overwrite, what, &fault{applies: withContent, serve: func(f *front, w http.ResponseWriter, r *http.Request) {
			if r.ContentLength > 0 {
				body := r.Body
				r.Body = struct {
					io.Reader
					io.Closer
				}{io.LimitReader(body, r.ContentLength-5), body}
				r.ContentLength -= 5
				r.Header.Set("Content-Length", strconv.FormatInt(r.ContentLength, 10))
			}
			answer, err := f.ask(r)
			if err != nil {
				drop(w, byRST)
				return
			}
			defer answer.Body.Close()
			_, _ = io.Copy(io.Discard, r.Body) // what the server did not get
			reply(w, answer)
			_, _ = io.Copy(w, answer.Body) // the client may have gone
		}}, func(err error) {
			if err == nil {
				s.Errorf("%s: the upload succeeds", what)
			}
		})
	})
}

// shortDownload ends a download before its end, with a matching length.
func shortDownload(s *suite) {
	direct := s.direct()
	name, c := s.archive(mib)
	s.put(direct, name, c)
	once := &fault{applies: withMethod(http.MethodGet), serve: func(f *front, w http.ResponseWriter, r *http.Request) {
		answer, err := f.ask(r)
		if err != nil {
			drop(w, byRST)
			return
		}
		defer answer.Body.Close()
		if answer.ContentLength < 100*kib { // a listing
			reply(w, answer)
			_, _ = io.Copy(w, answer.Body) // the client may have gone
			return
		}
		answer.Header.Set("Content-Length", strconv.FormatInt(answer.ContentLength-9, 10))
		reply(w, answer)
		_, _ = io.CopyN(w, answer.Body, answer.ContentLength-9) // the client may have gone
	}}
	p, _ := s.openFaulty(once)
	w := &comparer{want: c}
	o, err := p.Download(s.ctx, name, w, share.DownloadOptions{})
	if err == nil && (o.Size == c.size && w.check(0) != nil) {
		s.Errorf("the download succeeds with size %d: %v", o.Size, w.check(0))
	}
	if err != nil {
		s.proper(err)
	}
	path := filepath.Join(s.TempDir(), "file")
	_, err = share.Download(s.ctx, p, name, path, share.FileOptions{Pause: time.Millisecond, Patience: 50 * time.Millisecond})
	if err == nil {
		s.Errorf("Download succeeds: %v", sameFile(path, c))
	} else if _, err := os.Stat(path); !os.IsNotExist(err) {
		s.Errorf("a file that is not whole has its name: %v", err)
	}
	s.remove(direct, name)
}
