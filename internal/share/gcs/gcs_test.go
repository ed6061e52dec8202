package gcs_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubevast/vast/internal/share/gcs"
	"github.com/kubevast/vast/internal/share/google/googletest"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

const (
	mib  = 1 << 20
	name = "campaign.tar.gz"
)

func open(t *testing.T, settings share.Settings) share.ShareProvider {
	t.Helper()
	p, err := gcs.Definition().Open(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// lab returns a double with the bucket "lab", and a provider of its folder "results".
func lab(t *testing.T) (*googletest.Storage, share.ShareProvider) {
	t.Helper()
	s := googletest.NewStorage(t, "lab")
	return s, open(t, share.Settings{"VAST_SHARE_BUCKET": "lab", "VAST_SHARE_PREFIX": "/results/", "VAST_SHARE_URL": s.URL, "VAST_SHARE_KEY_FILE": s.KeyFile(t)})
}

func upload(t *testing.T, p share.ShareProvider, data []byte, o share.UploadOptions) share.Object {
	t.Helper()
	object, err := p.Upload(t.Context(), name, googletest.Source(data), o)
	if err != nil {
		t.Fatal(err)
	}
	checkStored(t, p, data)
	return object
}

// checkStored checks that the share has the content and nothing else.
func checkStored(t *testing.T, p share.ShareProvider, data []byte) {
	t.Helper()
	var names []string
	for o, err := range p.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, o.Name)
	}
	if len(names) != 1 || names[0] != name {
		t.Fatalf("the share has %q", names)
	}
	got := download(t, p, share.DownloadOptions{}, nil)
	if !bytes.Equal(got, data) {
		t.Fatalf("the share has other %d bytes instead of %d", len(got), len(data))
	}
}

func download(t *testing.T, p share.ShareProvider, o share.DownloadOptions, part []byte) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "part")
	if err := os.WriteFile(path, part, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	object, err := p.Download(t.Context(), name, f, o)
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, object.Size)
	if _, err := f.ReadAt(data, 0); err != nil && object.Size > 0 {
		t.Fatal(err)
	}
	return data
}

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

func TestAnArchiveThatSomebodyElseStoresMeanwhileIsKept(t *testing.T) {
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

func TestAListingHasMoreThanAPage(t *testing.T) {
	s, p := lab(t)
	const n = 2500
	for i := range n {
		s.Put(t, "lab", fmt.Sprintf("results/%04d.tar", i), nil)
	}
	s.Put(t, "lab", "results/", nil)
	s.Put(t, "lab", "results/folder/inside.tar", nil)
	s.Put(t, "lab", "outside.tar", nil)
	seen := map[string]bool{}
	for o, err := range p.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		seen[o.Name] = true
	}
	if len(seen) != n || !seen["0000.tar"] || !seen["2499.tar"] {
		t.Errorf("%d names", len(seen))
	}
}

func TestAFolderIsNeitherAnArchiveNorReplaced(t *testing.T) {
	s, p := lab(t)
	s.Put(t, "lab", "results/"+name+"/inside", []byte("x"))
	_, err := p.Stat(t.Context(), name)
	_, uploaded := p.Upload(t.Context(), name, googletest.Source(googletest.Bytes(10, 20)), share.UploadOptions{Overwrite: true})
	removed := p.Remove(t.Context(), name)
	for _, err := range []error{err, uploaded, removed} {
		if !api.IsConflict(err) {
			t.Errorf("got %v", err)
		}
	}
	if got := s.Names("lab"); len(got) != 1 {
		t.Errorf("the bucket has %q", got)
	}
}

func TestADownloadContinues(t *testing.T) {
	s, p := lab(t)
	data := googletest.Bytes(3*mib+5, 21)
	s.Put(t, "lab", "results/"+name, data)
	object, err := p.Stat(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	for title, c := range map[string]struct {
		validator string
		part      []byte
		want      string
	}{
		"at its offset":                               {object.Validator, data[:mib], "GET /storage/v1/b/lab/o/results/campaign.tar.gz bytes=1048576-"},
		"at the offset of an unknown version":         {"", data[:mib], "GET /storage/v1/b/lab/o/results/campaign.tar.gz bytes=1048576-"},
		"from the beginning if the object is another": {"1", googletest.Bytes(mib, 22), "GET /storage/v1/b/lab/o/results/campaign.tar.gz"},
		"from the beginning if the offset is too big": {object.Validator, googletest.Bytes(4*mib, 23), "GET /storage/v1/b/lab/o/results/campaign.tar.gz"},
		"and is complete":                             {object.Validator, data, "GET /storage/v1/b/lab/o/results/campaign.tar.gz"},
	} {
		t.Run(title, func(t *testing.T) {
			got := download(t, p, share.DownloadOptions{Offset: int64(len(c.part)), Validator: c.validator}, c.part)
			if !bytes.Equal(got, data) {
				t.Errorf("%d other bytes", len(got))
			}
			all := s.Requests()
			if last := all[len(all)-1]; last != c.want {
				t.Errorf("the last request is %q instead of %q", last, c.want)
			}
		})
	}
}

func TestADownloadOfAnObjectThatIsReplacedMeanwhileIsNotMixed(t *testing.T) {
	s, p := lab(t)
	s.Put(t, "lab", "results/"+name, googletest.Bytes(mib, 24))
	s.SetHook(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Get("alt") == "media" {
			s.Put(t, "lab", "results/"+name, googletest.Bytes(mib, 25))
		}
		return false
	})
	if _, err := p.Download(t.Context(), name, nil, share.DownloadOptions{}); !googletest.IsTemporary(err) {
		t.Errorf("got %v", err)
	}
}

func TestAPublicBucketIsReadWithoutAKey(t *testing.T) {
	s := googletest.NewStorage(t, "public-data", "lab")
	data := googletest.Bytes(1000, 26)
	s.Put(t, "public-data", name, data)
	p := open(t, share.Settings{"VAST_SHARE_BUCKET": "public-data", "VAST_SHARE_URL": s.URL})
	checkStored(t, p, data)
	_, err := p.Upload(t.Context(), "new.tar", googletest.Source(data), share.UploadOptions{})
	if !api.IsForbidden(err) || !strings.Contains(err.Error(), "VAST_SHARE_KEY_FILE") {
		t.Errorf("an upload: %v", err)
	}
	if err := p.Remove(t.Context(), name); !api.IsForbidden(err) {
		t.Errorf("a removal: %v", err)
	}
	private := open(t, share.Settings{"VAST_SHARE_BUCKET": "lab", "VAST_SHARE_URL": s.URL})
	if _, err := private.Stat(t.Context(), name); !api.IsForbidden(err) || !strings.Contains(err.Error(), "VAST_SHARE_KEY_FILE") {
		t.Errorf("a bucket that is not public: %v", err)
	}
}

func TestAMissingBucketIsAWrongSetting(t *testing.T) {
	s, _ := lab(t)
	p := open(t, share.Settings{"VAST_SHARE_BUCKET": "typo", "VAST_SHARE_URL": s.URL, "VAST_SHARE_KEY_FILE": s.KeyFile(t)})
	_, stat := p.Stat(t.Context(), name)
	_, uploaded := p.Upload(t.Context(), name, googletest.Source(googletest.Bytes(10, 27)), share.UploadOptions{})
	var listed error
	for _, err := range p.List(t.Context()) {
		listed = err
	}
	for _, err := range []error{stat, uploaded, listed, p.Remove(t.Context(), name)} {
		if !api.IsInvalidSpec(err) || !strings.Contains(err.Error(), `the bucket "typo" of VAST_SHARE_BUCKET does not exist`) {
			t.Errorf("got %v", err)
		}
	}
}

func TestATokenThatIsRefusedIsFetchedAgain(t *testing.T) {
	s, p := lab(t)
	upload(t, p, googletest.Bytes(10, 28), share.UploadOptions{})
	s.RevokeTokens()
	if _, err := p.Stat(t.Context(), name); err != nil {
		t.Error(err)
	}
	s.SetHook(func(w http.ResponseWriter, r *http.Request) bool {
		s.RevokeTokens()
		return false
	})
	if _, err := p.Stat(t.Context(), name); !api.IsForbidden(err) {
		t.Errorf("a token that is always refused: %v", err)
	}
}

func TestAKeyOfAnotherAccountIsRefusedWithoutItsContent(t *testing.T) {
	s, _ := lab(t)
	other := googletest.NewStorage(t)
	key := strings.ReplaceAll(other.KeyFile(t), other.URL, s.URL)
	p := open(t, share.Settings{"VAST_SHARE_BUCKET": "lab", "VAST_SHARE_URL": s.URL, "VAST_SHARE_KEY_FILE": key})
	_, err := p.Stat(t.Context(), name)
	if !api.IsForbidden(err) || !strings.Contains(err.Error(), "Invalid JWT Signature") {
		t.Errorf("got %v", err)
	}
	for _, secret := range other.Secrets() {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error has a part of the key: %v", err)
		}
	}
}

func TestSettingsThatAreWrongGetOneClearError(t *testing.T) {
	s, _ := lab(t)
	checks := map[string]func(string) error{}
	for _, setting := range gcs.Definition().Settings {
		checks[setting.Name] = setting.Check
	}
	good := s.KeyFile(t)
	for title, c := range map[string]struct{ setting, value, want string }{
		"a bucket with a scheme":    {"VAST_SHARE_BUCKET", "gs://lab/x", "without"},
		"an upper-case bucket":      {"VAST_SHARE_BUCKET", "Lab", "is not the name of a bucket"},
		"a prefix that leaves":      {"VAST_SHARE_PREFIX", "a/../b", `".."`},
		"a key that is not JSON":    {"VAST_SHARE_KEY_FILE", "SECRET", "is not JSON"},
		"a key of another kind":     {"VAST_SHARE_KEY_FILE", `{"type":"authorized_user","refresh_token":"SECRET"}`, "authorized_user"},
		"JSON that is not a key":    {"VAST_SHARE_KEY_FILE", `{"type":"SECRET"}`, "not the key of a service account"},
		"a key without a PEM":       {"VAST_SHARE_KEY_FILE", strings.Replace(good, "BEGIN PRIVATE", "SECRET", 1), "not PEM"},
		"a token address by HTTP":   {"VAST_SHARE_KEY_FILE", strings.Replace(good, s.URL, "http://SECRET.example", 1), "token_uri"},
		"an address without scheme": {"VAST_SHARE_URL", "storage.googleapis.com", "https://"},
	} {
		err := checks[c.setting](c.value)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "SECRET") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", title, err)
		}
	}
	if err := checks["VAST_SHARE_KEY_FILE"](good); err != nil {
		t.Errorf("a good key: %v", err)
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
