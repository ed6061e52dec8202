package gcs_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/kubevast/vast/internal/share/google/googletest"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// puts returns the Content-Range of each request of a session.
func puts(s *googletest.Storage) (ranges []string) {
	for _, r := range s.Requests() {
		if span, ok := strings.CutPrefix(r, "PUT /upload/storage/v1/b/lab/o "); ok {
			ranges = append(ranges, span)
		}
	}
	return ranges
}

func TestAnUploadIsStoredWithItsChecksums(t *testing.T) {
	s, p := lab(t)
	for _, size := range []int{0, 1, 256 << 10, 3*mib + 17} {
		data := googletest.Bytes(size, uint8(size%251))
		var last int64
		object := upload(t, p, data, share.UploadOptions{Overwrite: true, State: &googletest.State{}, Progress: func(n int64) { last = n }})
		want := googletest.Source(data).Checksums
		if object.Size != int64(size) || object.Checksums.CRC32C != want.CRC32C || object.Checksums.MD5 != want.MD5 || last != int64(size) {
			t.Errorf("%d bytes: got %+v, progress %d, want %+v", size, object, last, want)
		}
	}
	if got := s.Names("lab"); len(got) != 1 || got[0] != "results/"+name {
		t.Errorf("the bucket has %q", got)
	}
	if n := s.Sessions(); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
}

func TestACutUploadContinuesInAnotherProcess(t *testing.T) {
	s, p := lab(t)
	data, kept := googletest.Bytes(5*mib+3, 1), &googletest.State{}
	s.CutUpload(3*mib + 100)
	if _, err := p.Upload(t.Context(), name, googletest.Source(data), share.UploadOptions{State: kept}); !googletest.IsTemporary(err) {
		t.Fatalf("a cut upload: %v", err)
	}
	if _, err := p.Stat(t.Context(), name); !api.IsNotFound(err) {
		t.Fatalf("a part of it is visible: %v", err)
	}
	again := open(t, share.Settings{"VAST_SHARE_BUCKET": "lab", "VAST_SHARE_PREFIX": "results", "VAST_SHARE_URL": s.URL, "VAST_SHARE_KEY_FILE": s.KeyFile(t)})
	upload(t, again, data, share.UploadOptions{State: kept})
	want := []string{"bytes 0-5242882/5242883", "bytes */5242883", "bytes 3145728-5242882/5242883"}
	if got := puts(s); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("requests %q instead of %q", got, want)
	}
	if kept.Text != "" || s.Sessions() != 0 {
		t.Errorf("left: state %q, %d sessions", kept.Text, s.Sessions())
	}
}

func TestWithoutARangeNothingHasArrived(t *testing.T) {
	s, p := lab(t)
	data, kept := googletest.Bytes(2*mib, 2), &googletest.State{}
	s.CutUpload(1000)
	if _, err := p.Upload(t.Context(), name, googletest.Source(data), share.UploadOptions{State: kept}); !googletest.IsTemporary(err) {
		t.Fatalf("a cut upload: %v", err)
	}
	upload(t, p, data, share.UploadOptions{State: kept})
	want := []string{"bytes 0-2097151/2097152", "bytes */2097152", "bytes 0-2097151/2097152"}
	if got := puts(s); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("requests %q instead of %q", got, want)
	}
}

func TestAnUploadWhoseAnswerIsLostIsNotSentAgain(t *testing.T) {
	for title, sessionsEnd := range map[string]bool{"the session remembers it": false, "the session is gone too": true} {
		t.Run(title, func(t *testing.T) {
			s, p := lab(t)
			data, kept := googletest.Bytes(mib, 3), &googletest.State{}
			s.LoseAnswer()
			if _, err := p.Upload(t.Context(), name, googletest.Source(data), share.UploadOptions{State: kept}); !googletest.IsTemporary(err) {
				t.Fatalf("a cut upload: %v", err)
			}
			if sessionsEnd {
				s.EndSessions()
			}
			upload(t, p, data, share.UploadOptions{State: kept})
			if s.Received() != mib || kept.Text != "" {
				t.Errorf("%d bytes were sent; state %q", s.Received(), kept.Text)
			}
		})
	}
}

func TestASessionThatIsGoneStartsAgain(t *testing.T) {
	s, p := lab(t)
	data, kept := googletest.Bytes(2*mib, 4), &googletest.State{}
	s.CutUpload(mib)
	if _, err := p.Upload(t.Context(), name, googletest.Source(data), share.UploadOptions{State: kept}); !googletest.IsTemporary(err) {
		t.Fatalf("a cut upload: %v", err)
	}
	s.EndSessions()
	upload(t, p, data, share.UploadOptions{State: kept})
}

func TestASessionThatIsNeverKeptIsATemporaryError(t *testing.T) {
	s, p := lab(t)
	s.SetHook(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut {
			s.EndSessions()
		}
		return false
	})
	if _, err := p.Upload(t.Context(), name, googletest.Source(googletest.Bytes(mib, 5)), share.UploadOptions{State: &googletest.State{}}); !googletest.IsTemporary(err) {
		t.Fatalf("got %v", err)
	}
}

func TestBytesThatTheServiceHasNotKeptAreSentAgain(t *testing.T) {
	s, p := lab(t)
	s.SetLag(512 << 10)
	kept, data := &googletest.State{}, googletest.Bytes(4*mib, 6)
	s.CutUpload(2 * mib)
	if _, err := p.Upload(t.Context(), name, googletest.Source(data), share.UploadOptions{State: kept}); !googletest.IsTemporary(err) {
		t.Fatalf("a cut upload: %v", err)
	}
	upload(t, p, data, share.UploadOptions{State: kept})
	if got := puts(s); got[len(got)-1] != "bytes 1572864-4194303/4194304" {
		t.Errorf("requests %q", got)
	}
}

func TestWhatIsThereIsNotReplacedAndNothingIsSent(t *testing.T) {
	s, p := lab(t)
	old := googletest.Bytes(1000, 7)
	upload(t, p, old, share.UploadOptions{})
	before := s.Received()
	_, err := p.Upload(t.Context(), name, googletest.Source(googletest.Bytes(2*mib, 8)), share.UploadOptions{State: &googletest.State{}})
	if !api.IsConflict(err) {
		t.Errorf("got %v", err)
	}
	if s.Received() != before || s.Sessions() != 0 {
		t.Errorf("%d bytes were sent, %d sessions are left", s.Received()-before, s.Sessions())
	}
	checkStored(t, p, old)
}

func TestTheOldArchiveStaysUntilTheNewOneIsComplete(t *testing.T) {
	s, p := lab(t)
	old, data, kept := googletest.Bytes(1000, 9), googletest.Bytes(2*mib, 10), &googletest.State{}
	upload(t, p, old, share.UploadOptions{})
	s.CutUpload(mib)
	if _, err := p.Upload(t.Context(), name, googletest.Source(data), share.UploadOptions{State: kept, Overwrite: true}); !googletest.IsTemporary(err) {
		t.Fatalf("a cut upload: %v", err)
	}
	checkStored(t, p, old)
	upload(t, p, data, share.UploadOptions{State: kept, Overwrite: true})
}

func TestAnArchiveThatIsStoredMeanwhileIsKept(t *testing.T) {
	for title, overwrite := range map[string]bool{"a new one": false, "a newer one": true} {
		t.Run(title, func(t *testing.T) {
			s, p := lab(t)
			if overwrite {
				s.Put(t, "lab", "results/"+name, googletest.Bytes(10, 11))
			}
			other := googletest.Bytes(100, 12)
			s.SetHook(func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method == http.MethodPut {
					s.Put(t, "lab", "results/"+name, other)
				}
				return false
			})
			kept := &googletest.State{}
			_, err := p.Upload(t.Context(), name, googletest.Source(googletest.Bytes(mib, 13)), share.UploadOptions{State: kept, Overwrite: overwrite})
			if !api.IsConflict(err) || kept.Text != "" {
				t.Errorf("got %v, state %q", err, kept.Text)
			}
			s.SetHook(nil)
			checkStored(t, p, other)
		})
	}
}

func TestASessionForAnOlderGenerationIsNotContinued(t *testing.T) {
	s, p := lab(t)
	data, kept := googletest.Bytes(2*mib, 14), &googletest.State{}
	s.Put(t, "lab", "results/"+name, googletest.Bytes(10, 15))
	s.CutUpload(mib)
	if _, err := p.Upload(t.Context(), name, googletest.Source(data), share.UploadOptions{State: kept, Overwrite: true}); !googletest.IsTemporary(err) {
		t.Fatalf("a cut upload: %v", err)
	}
	s.Put(t, "lab", "results/"+name, googletest.Bytes(20, 16))
	upload(t, p, data, share.UploadOptions{State: kept, Overwrite: true})
	if n := s.Sessions(); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
}

func TestContentThatDiffersFromItsChecksumIsNeverVisible(t *testing.T) {
	s, p := lab(t)
	wrong := googletest.Source(googletest.Bytes(mib, 17))
	wrong.Checksums = googletest.Source(googletest.Bytes(mib, 18)).Checksums
	kept := &googletest.State{}
	if _, err := p.Upload(t.Context(), name, wrong, share.UploadOptions{State: kept}); err == nil || googletest.IsTemporary(err) {
		t.Errorf("got %v", err)
	}
	if got := s.Names("lab"); len(got) != 0 || s.Sessions() != 0 || kept.Text != "" {
		t.Errorf("left: %q, %d sessions, state %q", got, s.Sessions(), kept.Text)
	}
}

func TestTheChecksumOfTheStartIsComputedWhereItIsNotKnown(t *testing.T) {
	s, p := lab(t)
	data := googletest.Bytes(mib, 19)
	from := googletest.Source(data)
	want := from.Checksums.CRC32C
	from.Checksums.CRC32C, from.Checksums.MD5 = "", ""
	sent := ""
	s.SetHook(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/upload/") {
			body, _ := io.ReadAll(r.Body)
			sent, r.Body = string(body), io.NopCloser(bytes.NewReader(body))
		}
		return false
	})
	object, err := p.Upload(t.Context(), name, from, share.UploadOptions{})
	if err != nil || object.Checksums.CRC32C != want || !strings.Contains(sent, `"crc32c":"`) {
		t.Errorf("got %+v, %v; started with %s", object, err, sent)
	}
}

func TestAnOverloadedServiceIsATemporaryError(t *testing.T) {
	for title, c := range map[string]struct {
		code   int
		reason string
		after  string
	}{
		"429 with Retry-After": {429, "rateLimitExceeded", "7"},
		"503":                  {503, "backendError", ""},
		"403 of a rate limit":  {403, "userRateLimitExceeded", ""},
	} {
		t.Run(title, func(t *testing.T) {
			s, p := lab(t)
			s.SetHook(func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodPut {
					return false
				}
				if c.after != "" {
					w.Header().Set("Retry-After", c.after)
				}
				w.WriteHeader(c.code)
				_, _ = fmt.Fprintf(w, `{"error":{"code":%d,"message":"Try later.","errors":[{"reason":%q}]}}`, c.code, c.reason)
				return true
			})
			kept := &googletest.State{}
			_, err := p.Upload(t.Context(), name, googletest.Source(googletest.Bytes(mib, 29)), share.UploadOptions{State: kept})
			var temporary *share.TemporaryError
			if !errors.As(err, &temporary) || (temporary.RetryAfter.Seconds() == 7) != (c.after != "") || !strings.Contains(err.Error(), "Try later.") {
				t.Errorf("got %v", err)
			}
			if kept.Text == "" {
				t.Error("the session is not kept")
			}
			s.SetHook(nil)
			upload(t, p, googletest.Bytes(mib, 29), share.UploadOptions{State: kept})
		})
	}
}

func TestNoErrorHasTheSessionOrTheToken(t *testing.T) {
	s, p := lab(t)
	token := ""
	s.SetHook(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut {
			return false
		}
		token = strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintf(w, `{"error":{"message":"Refused %s at http://%s%s","errors":[{"reason":"invalid"}]}}`, token, r.Host, r.URL.RequestURI())
		return true
	})
	_, err := p.Upload(t.Context(), name, googletest.Source(googletest.Bytes(mib, 30)), share.UploadOptions{})
	if err == nil || token == "" || strings.Contains(err.Error(), token) || strings.Contains(err.Error(), "upload_id") {
		t.Errorf("got %v", err)
	}
	s.SetHook(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut {
			panic(http.ErrAbortHandler)
		}
		return false
	})
	if _, err = p.Upload(t.Context(), name, googletest.Source(googletest.Bytes(mib, 30)), share.UploadOptions{}); err == nil || strings.Contains(err.Error(), "upload") {
		t.Errorf("got %v", err)
	}
}
