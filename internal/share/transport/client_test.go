package transport

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

const secret = "s3cr/et pa%ss"

func client(t *testing.T, o Options) *Client {
	t.Helper()
	o.Secrets = append(o.Secrets, secret)
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func at(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func serve(t *testing.T, handler http.HandlerFunc) *url.URL {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return at(t, s.URL+"/dav/")
}

// zeros is content that counts what is read of it.
type zeros struct {
	left int64
	read atomic.Int64
}

func (z *zeros) Read(p []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), z.left)
	z.left -= n
	z.read.Add(n)
	return int(n), nil
}

func (z *zeros) Close() error { return nil }

func TestARedirectIsAnErrorThatNamesTheNewURLWithoutCredentials(t *testing.T) {
	for _, code := range []int{301, 302, 303, 307, 308} {
		var methods []string
		u := serve(t, func(w http.ResponseWriter, r *http.Request) {
			methods = append(methods, r.Method)
			w.Header().Set("Location", "https://alice:"+url.QueryEscape(secret)+"@login.example/sso?token=abc")
			w.WriteHeader(code)
		})
		c := client(t, Options{})
		_, err := c.Send(c.NewRequest(t.Context(), "PUT", u), &zeros{left: 100}, 100, nil)
		if !api.IsInvalidSpec(err) || !strings.Contains(err.Error(), `"https://login.example/sso"`) {
			t.Errorf("%d: %v", code, err)
		}
		for _, no := range []string{"alice", "s3cr", "abc"} {
			if strings.Contains(fmt.Sprint(err), no) {
				t.Errorf("%d: the error contains %q: %v", code, no, err)
			}
		}
		if len(methods) != 1 {
			t.Errorf("%d: the server got %q", code, methods)
		}
	}
}

func TestAnAnswerWithoutALocationIsNoRedirect(t *testing.T) {
	u := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(308) })
	c := client(t, Options{})
	resp, err := c.Do(c.NewRequest(t.Context(), "PUT", u))
	if err != nil || resp.StatusCode != 308 {
		t.Fatalf("got %v, %v", resp, err)
	}
	_ = resp.Body.Close()
}

func TestNoBodyIsSentToAServerThatRefusesTheRequest(t *testing.T) {
	u := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) })
	c := client(t, Options{})
	content := &zeros{left: 1 << 30}
	resp, err := c.Send(c.NewRequest(t.Context(), "PUT", u), content, content.left, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Failure(resp, `store "a"`); !api.IsForbidden(err) {
		t.Error(err)
	}
	if n := content.read.Load(); n != 0 {
		t.Errorf("%d bytes of the content were read", n)
	}
}

func TestAnUploadIsWholeAndItsProgressIsReported(t *testing.T) {
	var got atomic.Int64
	u := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		got.Store(n)
	})
	c := client(t, Options{})
	var sent int64
	const size = 5<<20 + 1
	resp, err := c.Send(c.NewRequest(t.Context(), "PUT", u), &zeros{left: size}, size, func(n int64) { sent = n })
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if got.Load() != size || sent != size {
		t.Errorf("sent %d, arrived %d", sent, got.Load())
	}
}

// failing is content that fails after some bytes.
type failing struct {
	zeros
	err error
}

func (f *failing) Read(p []byte) (int, error) {
	n, err := f.zeros.Read(p)
	if errors.Is(err, io.EOF) {
		err = f.err
	}
	return n, err
}

func TestAnErrorOfTheContentIsReturnedAsItIs(t *testing.T) {
	u := serve(t, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	c := client(t, Options{})
	broken := errors.New("the store is gone")
	_, err := c.Send(c.NewRequest(t.Context(), "PUT", u), &failing{zeros{left: 1 << 20}, broken}, 2<<20, nil)
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	_, err = c.Send(c.NewRequest(t.Context(), "PUT", u), &zeros{left: 1 << 20}, 2<<20, nil)
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "1048576 bytes too early") {
		t.Errorf("got %v", err)
	}
}

// buffer is an io.WriterAt.
type buffer struct{ data []byte }

func (b *buffer) WriteAt(p []byte, off int64) (int, error) {
	if end := int(off) + len(p); end > len(b.data) {
		b.data = append(b.data, make([]byte, end-len(b.data))...)
	}
	return copy(b.data[off:], p), nil
}

func TestADownloadContinuesOrStartsAgain(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789"), 100_000)
	handler := func(tag string, ignoreRange bool) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if tag != "" {
				w.Header().Set("ETag", tag)
			}
			w.Header().Set("Content-Type", "application/gzip")
			if ignoreRange {
				r.Header.Del("Range")
			}
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
		}
	}
	for name, tc := range map[string]struct {
		tag, validator string
		ignore         bool
		had            []byte
		first          int64 // the first progress
	}{
		"from the beginning":              {tag: `"1"`},
		"at an offset":                    {tag: `"1"`, validator: `"1"`, had: content[:500_001], first: 500_001},
		"without a validator":             {had: content[:7], first: 7},
		"a server that ignores Range":     {tag: `"1"`, validator: `"1"`, ignore: true, had: content[:500_001]},
		"another object":                  {tag: `"2"`, validator: `"1"`, had: []byte("old")},
		"complete already":                {tag: `"1"`, validator: `"1"`, had: content, first: int64(len(content))},
		"more than there is":              {tag: `"1"`, had: append(bytes.Clone(content), "more"...)},
		"a weak ETag":                     {tag: `W/"1"`, had: content[:9], first: 9},
		"complete, but of another object": {tag: `"2"`, validator: `"1"`, had: bytes.Repeat([]byte("x"), len(content))},
	} {
		u := serve(t, handler(tc.tag, tc.ignore))
		w := &buffer{data: bytes.Clone(tc.had)}
		first := int64(-1)
		object, err := client(t, Options{}).Fetch(t.Context(), u, "a", w, share.DownloadOptions{Offset: int64(len(tc.had)), Validator: tc.validator,
			Progress: func(written, _ int64) {
				if first < 0 {
					first = written
				}
			}}, nil)
		if err != nil || object.Size != int64(len(content)) || !bytes.Equal(w.data[:object.Size], content) || first != tc.first {
			t.Errorf("%s: %+v, %v; first progress %d, want %d", name, object, err, first, tc.first)
		}
		if object.Validator != StrongETag(tc.tag) {
			t.Errorf("%s: validator %q", name, object.Validator)
		}
	}
}

func TestADownloadThatIsCutIsTemporaryAndOneOfAPageIsNot(t *testing.T) {
	c := client(t, Options{})
	cut := raw(t, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 4096)) // the request
		_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"))
		_ = conn.Close()
	})
	var temporary *share.TemporaryError
	if _, err := c.Fetch(t.Context(), cut, "a", &buffer{}, share.DownloadOptions{}, nil); !errors.As(err, &temporary) {
		t.Errorf("got %v", err)
	}
	page := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<html><style>b{}</style><title>Log in</title>\n<body>please</body>")
	})
	_, err := c.Fetch(t.Context(), page, "a", &buffer{}, share.DownloadOptions{}, nil)
	if !api.IsInvalidSpec(err) || !strings.Contains(err.Error(), `web page ("Log in please")`) {
		t.Errorf("got %v", err)
	}
	missing := serve(t, http.NotFound)
	if _, err := c.Fetch(t.Context(), missing, "a", &buffer{}, share.DownloadOptions{}, nil); !api.IsNotFound(err) {
		t.Errorf("got %v", err)
	}
}

func TestTheStatusDecidesTheClassOfAnError(t *testing.T) {
	for status, is := range map[int]func(error) bool{
		401: api.IsForbidden, 403: api.IsForbidden, 404: api.IsNotFound, 405: api.IsNotSupported, 409: api.IsConflict,
		412: api.IsConflict, 413: api.IsNotSupported, 423: temporary, 429: temporary, 500: temporary, 501: api.IsNotSupported,
		502: temporary, 503: temporary, 504: temporary, 507: api.IsUnavailable,
	} {
		u := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "<?xml version=\"1.0\"?><d:error xmlns:d=\"DAV:\">\n <m>Quota\x1b[31m exceeded for "+secret+"</m></d:error>")
		})
		c := client(t, Options{})
		resp, err := c.Do(c.NewRequest(t.Context(), "PUT", u))
		if err != nil {
			t.Fatal(err)
		}
		err = c.Failure(resp, `store "a"`)
		text := fmt.Sprint(err)
		if !is(err) || !strings.Contains(text, fmt.Sprint(status)) || !strings.Contains(text, "Quota[31m exceeded for ***") || strings.ContainsAny(text, "\n\x1b") {
			t.Errorf("%d: %T %v", status, err, err)
		}
		var again *share.TemporaryError
		if errors.As(err, &again) && again.RetryAfter != 7*time.Second {
			t.Errorf("%d: retry after %s", status, again.RetryAfter)
		}
	}
}

func temporary(err error) bool {
	var e *share.TemporaryError
	return errors.As(err, &e)
}

func TestRetryAfterIsSecondsOrADate(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "3": 3 * time.Second, "-3": 0, "99999999999": time.Hour, "86400": time.Hour, "soon": 0,
		"Fri, 02 Jan 2026 03:04:35 GMT": 30 * time.Second, "Fri, 02 Jan 2026 03:04:00 GMT": 0,
	} {
		if got := retryAfter(value, now); got != want {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
	}
}

func TestAURLOfAShareIsAbsoluteAndWithoutCredentials(t *testing.T) {
	for value, ok := range map[string]bool{
		"https://host/a%20b/": true, "http://[::1]:8080/x": true, "ftp://host/": false, "host/x": false, "https://": false,
		"https://u:" + "pw@host/": false, "https://host/?a=b": false, "https://host/%zz": false,
	} {
		if _, err := ParseURL(value); (err == nil) != ok || err != nil && strings.Contains(err.Error(), "pw") {
			t.Errorf("%s: %v", value, err)
		}
	}
}
