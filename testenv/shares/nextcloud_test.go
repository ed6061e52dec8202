package shares

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubevast/vast/internal/share/providers"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
	"github.com/kubevast/vast/sdk/share/sharetest"
)

func (n *nextcloud) settings(address string) share.Settings {
	return share.Settings{"VAST_SHARE_URL": "http://" + address + n.below + "/index.php/s/" + linkToken, "VAST_SHARE_PASSWORD": n.password,
		"VAST_SHARE_TIMEOUT": davStall, "VAST_SHARE_CHUNK_MIB": "5"}
}

func (n *nextcloud) options(t *testing.T) sharetest.Options {
	address := n.start(t)
	return sharetest.Options{
		Address: address,
		HTTP:    true,
		Stall:   davWait,
		Open: func(t testing.TB, address string) share.ShareProvider {
			return openShare(t, "nextcloud", n.settings(address))
		},
		Files: func(t testing.TB) []string { return append(filesBelow(t, n.dir), filesBelow(t, n.uploads)...) },
		MakeFolder: func(t testing.TB, name string) {
			if err := os.Mkdir(filepath.Join(n.dir, name), 0o755); err != nil {
				t.Fatal(err)
			}
		},
		Secrets: []string{linkToken, n.password},
	}
}

func TestNextcloud(t *testing.T) {
	for name, n := range map[string]*nextcloud{
		"in chunks":      {chunks: true, password: "Pa55 wörd/+%"},
		"without chunks": {below: "/cloud"},
		"before 29":      {old: true, password: "Pa55 wörd/+%"},
		"failing chunks": {chunks: true, failMove: true},
	} {
		t.Run(name, func(t *testing.T) {
			o := n.options(t)
			if n.password == "" {
				o.Secrets = o.Secrets[:1]
			}
			runSuite(t, o)
			if n.refused > 0 {
				t.Errorf("%d requests were refused", n.refused)
			}
		})
	}
	t.Parallel()
}

// apacheLink serves a folder where a public link of Nextcloud before 29 has it: the user is
// the token, the password is empty. Apache removes its own temporary file of a PUT when the
// connection has been silent for Timeout.
const apacheLink = `
Alias /cloud/public.php/webdav %[1]s
<Location /cloud/public.php/webdav>
  Dav On
  AuthType Basic
  AuthName link
  AuthUserFile %[2]s/passwords
  Require valid-user
</Location>
Timeout 1
`

func TestNextcloudPathsOnApache(t *testing.T) {
	own, dir := anyoneDir(t), anyoneDir(t)
	passwordFile(t, own, linkToken, "")
	s := startApache(t, dir, own, fmt.Sprintf(apacheLink, dir, own))
	n := &nextcloud{below: "/cloud"}
	runSuite(t, sharetest.Options{
		Address: s.address,
		HTTP:    true,
		Stall:   davWait,
		Open: func(t testing.TB, address string) share.ShareProvider {
			return openShare(t, "nextcloud", n.settings(address))
		},
		Files: func(t testing.TB) []string { return filesBelow(t, dir) },
		MakeFolder: func(t testing.TB, name string) {
			if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
				t.Fatal(err)
			}
		},
		Secrets: []string{linkToken},
	})
}

// testContent is a content of which a test remembers what was read.
type testContent struct {
	size int64
	seed uint64
	// cutAt, if positive, is the offset at which reading fails once.
	cutAt int64
}

var errCut = errors.New("the content is cut")

func (c *testContent) bytes() []byte {
	text := make([]byte, c.size)
	_, _ = rand.NewChaCha8([32]byte{byte(c.seed)}).Read(text)
	return text
}

func (c *testContent) source() share.Source {
	text := c.bytes()
	sum := sha256.Sum256(text)
	return share.Source{Size: c.size, Checksums: share.Checksums{SHA256: hex.EncodeToString(sum[:])},
		Open: func(_ context.Context, offset int64) (io.ReadCloser, error) {
			if c.cutAt > offset {
				r := io.MultiReader(strings.NewReader(string(text[offset:c.cutAt])), failingReader{c})
				return io.NopCloser(r), nil
			}
			return io.NopCloser(strings.NewReader(string(text[offset:]))), nil
		}}
}

type failingReader struct{ content *testContent }

func (f failingReader) Read([]byte) (int, error) {
	f.content.cutAt = 0
	return 0, &share.TemporaryError{Message: "the content is cut", Cause: errCut}
}

func TestAChunkedUploadSendsOnlyTheChunksThatAreMissing(t *testing.T) {
	n := &nextcloud{chunks: true}
	p := openShare(t, "nextcloud", n.settings(n.start(t)))
	defer p.Close()
	c := &testContent{size: 23 << 20, cutAt: 16 << 20}
	_, err := p.Upload(t.Context(), "a.tar.gz", c.source(), share.UploadOptions{})
	if !errors.Is(err, errCut) {
		t.Fatalf("%T %v", err, err)
	}
	puts := n.requests("PUT /public.php/dav/uploads/")
	var first int64 = -1
	o, err := p.Upload(t.Context(), "a.tar.gz", c.source(), share.UploadOptions{Progress: func(sent int64) {
		if first < 0 {
			first = sent
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if o.Checksums.SHA256 != c.source().Checksums.SHA256 || o.Size != c.size {
		t.Errorf("%+v", o)
	}
	if again := n.requests("PUT /public.php/dav/uploads/") - puts; puts != 4 || again != 2 || first != 5<<20 {
		t.Errorf("%d chunks were sent first, %d then, from %d on", puts, again, first)
	}
	if left := filesBelow(t, n.uploads); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestAChunkedUploadThatCannotBePutTogetherIsSentInOnePiece(t *testing.T) {
	n := &nextcloud{chunks: true, failMove: true}
	p := openShare(t, "nextcloud", n.settings(n.start(t)))
	defer p.Close()
	c := &testContent{size: 11 << 20}
	if _, err := p.Upload(t.Context(), "a.tar.gz", c.source(), share.UploadOptions{}); err != nil {
		t.Fatal(err)
	}
	if n.requests("MOVE /public.php/dav/uploads/") != 1 || n.requests("DELETE /public.php/dav/uploads/") != 1 {
		t.Errorf("the requests: %q", n.log)
	}
	if left := filesBelow(t, n.uploads); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestADamagedUploadIsNotPublished(t *testing.T) {
	for name, n := range map[string]*nextcloud{"in chunks": {chunks: true, damage: true}, "in one piece": {damage: true}} {
		p := openShare(t, "nextcloud", n.settings(n.start(t)))
		_, err := p.Upload(t.Context(), "a.tar.gz", (&testContent{size: 7 << 20}).source(), share.UploadOptions{})
		var temporary *share.TemporaryError
		if !errors.As(err, &temporary) || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%s: %T %v", name, err, err)
		}
		if files := filesBelow(t, n.dir); len(files) > 0 {
			t.Errorf("%s: on the share: %q", name, files)
		}
		_ = p.Close()
	}
}

func TestALinkThatCannotBeUsedIsOneClearError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		server   *nextcloud
		password string
		is       func(error) bool
		text     string
		refused  int
	}{
		"a password is needed": {&nextcloud{password: "secret"}, "", api.IsForbidden, "the link needs a password, which the setting VAST_SHARE_PASSWORD has to contain", 1},
		"another password":     {&nextcloud{password: "secret"}, "wrong", api.IsForbidden, "the password of the link is refused (VAST_SHARE_PASSWORD)", 1},
		"a drop link":          {&nextcloud{drop: true}, "", api.IsInvalidSpec, "for uploads only", 0},
		"an old drop link":     {&nextcloud{drop: true, old: true}, "", api.IsInvalidSpec, "for uploads only", 0},
		"a link that is gone":  {&nextcloud{missing: true}, "", api.IsInvalidSpec, "does not exist on the server, or has expired", 0},
		"a link of a file":     {&nextcloud{dir: file}, "", api.IsInvalidSpec, "the link is that of a file", 0},
	} {
		n := tc.server
		settings := n.settings(n.start(t))
		settings["VAST_SHARE_PASSWORD"] = tc.password
		p := openShare(t, "nextcloud", settings)
		source := (&testContent{size: 1 << 20}).source()
		source.Open = func(context.Context, int64) (io.ReadCloser, error) {
			t.Errorf("%s: the content is read", name)
			return nil, errCut
		}
		_, uploadErr := p.Upload(t.Context(), "a.tar.gz", source, share.UploadOptions{})
		_, statErr := p.Stat(t.Context(), "a.tar.gz")
		for _, err := range []error{uploadErr, statErr} {
			if !tc.is(err) || !strings.Contains(err.Error(), tc.text) || strings.Contains(err.Error(), linkToken) {
				t.Errorf("%s: %T %v", name, err, err)
			}
		}
		if want := min(tc.refused, 1); api.IsForbidden(statErr) && n.refused != want {
			t.Errorf("%s: %d requests were refused, want %d: the next ones must not be sent", name, n.refused, want)
		}
		_ = p.Close()
	}
}

func TestAPublicLinkIsReadFromItsURL(t *testing.T) {
	check := definition(t, "nextcloud").Settings[0].Check
	for value, ok := range map[string]bool{
		"https://cloud.example/s/AbC123": true, "https://cloud.example/index.php/s/AbC123/": true, "http://[::1]:8080/a/b/s/my-link_2": true,
		"https://cloud.example/": false, "https://cloud.example/s/": false, "https://cloud.example/apps/files": false,
		"https://cloud.example/s/AbC123/download": false, "https://cloud.example/s/AbC123?path=/a": false, "cloud.example/s/AbC123": false,
		"https://u:" + "pw@cloud.example/s/AbC123": false,
	} {
		if err := check(value); (err == nil) != ok || err != nil && (strings.Contains(err.Error(), "AbC123") || strings.Contains(err.Error(), "pw")) {
			t.Errorf("%s: %v", value, err)
		}
	}
}

func definition(t testing.TB, name string) share.Definition {
	t.Helper()
	d, err := providers.Builtin().Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
