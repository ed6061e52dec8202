package gcs_test

import (
	"bytes"
	"fmt"
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
		"the address of a share":    {"VAST_SHARE_URL", "https://cloud.example/s/abc", "path"},
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
