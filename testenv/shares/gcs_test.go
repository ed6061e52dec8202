package shares

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/kubevast/vast/internal/share/google/googletest"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
	"github.com/kubevast/vast/sdk/share/sharetest"
	"github.com/kubevast/vast/testenv/internal/gobuild"
)

// startGCS starts fake-gcs-server with the bucket "lab", and returns its address and the
// folder that has the bucket's objects. It requires no credentials.
//
// It is no server for tests of faults: it takes the question how much of an upload has
// arrived for the upload's end, stores a repeated chunk twice, and gives the address of a
// session as its own, not as the client's. The tests of package gcs have those, on a
// double that answers 308 as the service does.
func startGCS(t *testing.T) (address, dir string) {
	t.Helper()
	root := t.TempDir()
	dir = filepath.Join(root, "lab")
	if err := os.Mkdir(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	address = freeAddress(t)
	startServer(t, address, nil, built(t, gobuild.FakeGCS, "fake-gcs-server"),
		"-log-level", "warn", "-scheme", "http", "-host", "127.0.0.1", "-port", strconv.Itoa(port(t, address)), "-backend", "filesystem", "-filesystem-root", root,
		"-external-url", "http://"+address, "-public-host", address)
	return address, dir
}

func TestFakeGCSServer(t *testing.T) {
	address, dir := startGCS(t)
	// The key's tokens come from a double: the server accepts any.
	double := googletest.NewStorage(t)
	settings := share.Settings{"VAST_SHARE_BUCKET": "lab", "VAST_SHARE_PREFIX": "results", "VAST_SHARE_URL": "http://" + address, "VAST_SHARE_KEY_FILE": double.KeyFile(t)}
	runSuite(t, sharetest.Options{
		Open:    func(t testing.TB, _ string) share.ShareProvider { return openShare(t, "gcs", settings) },
		Files:   func(t testing.TB) []string { return filesBelow(t, dir) },
		Secrets: double.Secrets(),
		Many:    1100, // more than a page
		Skip:    map[string]string{"an upload that is canceled leaves the name absent": "the server ends an upload when it is asked how much has arrived"},
	})
	t.Run("a public bucket is read without a key", func(t *testing.T) {
		name, data := "public.tar", []byte("public")
		p := openShare(t, "gcs", settings)
		if _, err := p.Upload(t.Context(), name, googletest.Source(data), share.UploadOptions{}); err != nil {
			t.Fatal(err)
		}
		anonymous := openShare(t, "gcs", share.Settings{"VAST_SHARE_BUCKET": "lab", "VAST_SHARE_PREFIX": "results", "VAST_SHARE_URL": "http://" + address})
		var names []string
		for o, err := range anonymous.List(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, o.Name)
		}
		path := filepath.Join(t.TempDir(), name)
		_, err := share.Download(t.Context(), anonymous, name, path, share.FileOptions{})
		if got, _ := os.ReadFile(path); err != nil || string(got) != string(data) || !slices.Equal(names, []string{name}) {
			t.Errorf("got %q of %q: %v", got, names, err)
		}
	})
	t.Run("a missing bucket is a wrong setting", func(t *testing.T) {
		p := openShare(t, "gcs", share.Settings{"VAST_SHARE_BUCKET": "typo", "VAST_SHARE_URL": "http://" + address, "VAST_SHARE_KEY_FILE": double.KeyFile(t)})
		_, err := p.Upload(t.Context(), "a.tar", googletest.Source(nil), share.UploadOptions{})
		if !api.IsInvalidSpec(err) {
			t.Errorf("%T %v", err, err)
		}
	})
}
