package store_test

import (
	"bytes"
	"crypto/md5" // S3's
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// The tests here are of what a real server cannot be made to do: answers that get
// lost, connections that break at a byte, content that changes in between. What a
// real one does is tested in testenv/e2e.

// server answers for one object at least as far as a test needs it.
type server struct {
	content, etag, sum string
	// breakAfter ends each answer after so many bytes of content; 0: never.
	breakAfter int
	// refuse answers so many requests with 503 first.
	refuse atomic.Int64
	asked  atomic.Int64
	// change is called with the number of each GET.
	change func(n int64)
	put    func(http.ResponseWriter, *http.Request)
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := s.asked.Add(1)
	if s.refuse.Add(-1) >= 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if r.Method == http.MethodPut || r.Method == http.MethodPost || r.Method == http.MethodDelete {
		s.put(w, r)
		return
	}
	if s.change != nil {
		s.change(n)
	}
	if match := r.Header.Get("If-Match"); match != "" && match != strconv.Quote(s.etag) {
		w.WriteHeader(http.StatusPreconditionFailed)
		return
	}
	w.Header().Set("ETag", strconv.Quote(s.etag))
	w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
	w.Header().Set("X-Amz-Meta-Vast-Sha256", s.sum)
	var from int
	_, _ = fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from) // none is from 0
	w.Header().Set("Content-Length", strconv.Itoa(len(s.content)-from))
	if from > 0 {
		w.WriteHeader(http.StatusPartialContent)
	}
	rest := s.content[from:]
	if s.breakAfter > 0 && len(rest) > s.breakAfter {
		rest = rest[:s.breakAfter]
	}
	_, _ = io.WriteString(w, rest) // shorter than said: the connection breaks
}

func connect(t *testing.T, h http.Handler, o ...store.Option) *store.Store {
	t.Helper()
	web := httptest.NewServer(h)
	t.Cleanup(web.Close)
	s, err := store.Connect(store.Config{Endpoint: web.URL, Bucket: "vast", AccessKey: "me", SecretKey: "secret"}, o...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestAReadContinuesWhereTheConnectionBroke(t *testing.T) {
	t.Parallel()
	content := strings.Repeat("0123456789", 1000)
	for name, c := range map[string]struct {
		h    *server
		from int64
		is   func(error) bool
	}{
		"once":                                 {h: &server{breakAfter: 6000}},
		"again and again":                      {h: &server{breakAfter: 700}},
		"and from the middle of an object":     {h: &server{breakAfter: 3000}, from: 1234},
		"but not when the object was replaced": {h: &server{breakAfter: 6000}, is: isKind[*api.ConflictError]},
		"and damage is reported":               {h: &server{sum: hashed("something else")}, is: isKind[*api.UnavailableError]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.h.content, c.h.etag = content, "first"
			if c.h.sum == "" {
				c.h.sum = hashed(content)
			}
			if name == "but not when the object was replaced" {
				c.h.change = func(n int64) {
					if n > 1 {
						c.h.etag = "second"
					}
				}
			}
			r, o, err := connect(t, c.h).Get(t.Context(), "one", c.from)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			got, err := io.ReadAll(r)
			if c.is != nil {
				if !c.is(err) {
					t.Errorf("%T %v", err, err)
				}
				return
			}
			if err != nil || string(got) != content[c.from:] || o.Size != int64(len(content)) {
				t.Errorf("%d bytes of %+v, %v", len(got), o, err)
			}
		})
	}
}

func TestAStoreThatIsAwayForAMomentIsWaitedFor(t *testing.T) {
	t.Parallel()
	h := &server{content: "x", etag: "e"}
	h.refuse.Store(6) // more than the S3 client tries by itself
	if _, err := connect(t, h).Stat(t.Context(), "one"); err != nil {
		t.Error(err)
	}
	away := &server{}
	away.refuse.Store(1 << 40)
	if _, err := connect(t, away, store.WithPatience(time.Millisecond)).Stat(t.Context(), "one"); !errors.As(err, new(*api.UnavailableError)) {
		t.Errorf("one that stays away: %T %v", err, err)
	}
}

func TestEachRequestCarriesItsHash(t *testing.T) {
	t.Parallel()
	content := strings.Repeat("z", 70<<20)
	var wrong, puts atomic.Int64
	h := &server{put: func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost && r.URL.Query().Has("uploads"):
			if r.Header.Get("X-Amz-Meta-Vast-Sha256") != hashed(content) {
				wrong.Add(1)
			}
			_, _ = io.WriteString(w, "<InitiateMultipartUploadResult><UploadId>7</UploadId></InitiateMultipartUploadResult>")
		case r.Method == http.MethodPost:
			_, _ = io.WriteString(w, "<CompleteMultipartUploadResult><Bucket>vast</Bucket></CompleteMultipartUploadResult>")
		default:
			puts.Add(1)
			hash, other := sha256.New(), md5.New()              // S3's
			_, _ = io.Copy(io.MultiWriter(hash, other), r.Body) // a wrong hash is the answer
			if hex.EncodeToString(hash.Sum(nil)) != r.Header.Get("X-Amz-Content-Sha256") ||
				base64.StdEncoding.EncodeToString(other.Sum(nil)) != r.Header.Get("Content-Md5") {
				wrong.Add(1)
			}
			w.Header().Set("ETag", `"part"`)
		}
	}}
	s := connect(t, h)
	for r, announced := range map[io.Reader]string{
		strings.NewReader(content): "", strings.NewReader(content[:1000]): "", strings.NewReader(content[:2000]): hashed(content[:2000]),
		io.LimitReader(strings.NewReader(content), 3000): "",
	} {
		if _, err := s.Put(t.Context(), "one", r, -1, store.PutOptions{SHA256: announced}); err != nil {
			t.Error(err)
		}
	}
	if wrong.Load() > 0 || puts.Load() != 8 {
		t.Errorf("%d of %d requests do not carry the hash of their content", wrong.Load(), puts.Load())
	}
}

func TestAFileThatShrinksWhileItIsSentIsRefused(t *testing.T) {
	t.Parallel()
	h := &server{put: func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }}
	began := time.Now()
	_, err := connect(t, h).Put(t.Context(), "one", &shrinking{bytes.NewReader(make([]byte, 100_000)), 1}, -1, store.PutOptions{})
	if !errors.As(err, new(*api.ConflictError)) {
		t.Errorf("%T %v after %s", err, err, time.Since(began))
	}
}

// shrinking loses its second half after so many times that it was read from its
// beginning.
type shrinking struct {
	*bytes.Reader
	reads int
}

func (s *shrinking) ReadAt(p []byte, off int64) (int, error) {
	if off == 0 {
		s.reads--
	}
	if s.reads < 0 && off+int64(len(p)) > 50_000 {
		return 0, io.EOF
	}
	return s.Reader.ReadAt(p, off)
}

func TestABucketIsFoundByItsURI(t *testing.T) {
	t.Parallel()
	own := map[string]string{kube.EnvStoreEndpoint: "http://store:7070", kube.EnvStoreBucket: "vast", kube.EnvStoreAccessKey: "a", kube.EnvStoreSecretKey: "b"}
	for uri, c := range map[string]struct {
		env                      map[string]string
		endpoint, bucket, prefix string
		says                     string
	}{
		"s3://data/some/folder/":    {endpoint: "https://s3.amazonaws.com", bucket: "data", prefix: "some/folder"},
		"s3://data":                 {endpoint: "https://s3.amazonaws.com", bucket: "data"},
		"s3://data/100%41/a b?c#d":  {endpoint: "https://s3.amazonaws.com", bucket: "data", prefix: "100%41/a b?c#d"},
		"s3://vast/inputs":          {env: own, endpoint: "http://store:7070", bucket: "vast", prefix: "inputs"},
		"s3://other/inputs":         {env: own, endpoint: "https://s3.amazonaws.com", bucket: "other", prefix: "inputs"},
		"s3://minio/x":              {env: map[string]string{"AWS_ENDPOINT_URL": "http://minio:9000"}, endpoint: "http://minio:9000", bucket: "minio", prefix: "x"},
		"gs://data/x":               {env: map[string]string{"GS_ACCESS_KEY_ID": "a", "GS_SECRET_ACCESS_KEY": "b"}, endpoint: "https://storage.googleapis.com", bucket: "data", prefix: "x"},
		"s3://half/x":               {env: map[string]string{"AWS_ACCESS_KEY_ID": "a"}, says: "only one of"},
		"s3://bad/x":                {env: map[string]string{"AWS_ENDPOINT_URL": "minio"}, says: "endpoint"},
		"s3://":                     {says: "is no URI"},
		"https://example.com/x":     {says: "is no URI"},
		"s3://me:password@bucket/x": {says: "is no URI"},
		"s3:/data":                  {says: "is no URI"},
	} {
		t.Run(uri, func(t *testing.T) {
			t.Parallel()
			s, prefix, err := store.OpenURI(uri, func(name string) string { return c.env[name] })
			if c.says != "" {
				if !errors.As(err, new(*api.InvalidSpecError)) || !strings.Contains(err.Error(), c.says) {
					t.Errorf("%T %v", err, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if s.Endpoint != c.endpoint || s.Bucket != c.bucket || prefix != c.prefix {
				t.Errorf("%s, bucket %s, prefix %q", s.Endpoint, s.Bucket, prefix)
			}
		})
	}
}
