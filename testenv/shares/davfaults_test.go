package shares

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
	"github.com/kubevast/vast/testenv/internal/apache"
)

// with returns settings with others in their place.
func with(s share.Settings, more share.Settings) share.Settings {
	for name, value := range more {
		s[name] = value
	}
	return s
}

// unread is a content that must not be read.
func unread(t *testing.T, size int64) share.Source {
	source := (&testContent{size: 16}).source()
	source.Size = size
	source.Open = func(context.Context, int64) (io.ReadCloser, error) {
		t.Error("the content is read")
		return nil, errCut
	}
	return source
}

// TestAWrongPasswordSendsNoBody uploads to a server that refuses the password. Without "Expect",
// Apache reads a whole body over HTTP/1.1 before it answers.
func TestAWrongPasswordSendsNoBody(t *testing.T) {
	t.Parallel()
	for name, start := range davServers {
		t.Run(name, func(t *testing.T) {
			s := start(t, anyoneDir(t))
			p := openShare(t, "webdav", with(s.settings(s.address), share.Settings{"VAST_SHARE_PASSWORD": "wrong-secret"}))
			defer p.Close()
			_, err := p.Upload(t.Context(), "a.tar.gz", unread(t, 1<<30), share.UploadOptions{})
			if !api.IsForbidden(err) || !strings.Contains(err.Error(), "401") || strings.Contains(err.Error(), "wrong-secret") {
				t.Errorf("%T %v", err, err)
			}
		})
	}
}

// TestApacheIsSentNoBodyThatItRefuses refuses the PUT alone.
func TestApacheIsSentNoBodyThatItRefuses(t *testing.T) {
	t.Parallel()
	own, dir := anyoneDir(t), anyoneDir(t)
	passwordFile(t, own, davUser, davPassword)
	s := startApache(t, dir, own, apache.Share(own, dir)+`
<LocationMatch "^/dav/a.tar.gz.*">
  <Limit PUT>
    Require user somebody-else
  </Limit>
</LocationMatch>
`)
	p := openShare(t, "webdav", s.settings(s.address))
	defer p.Close()
	source := (&testContent{size: 16 << 20}).source()
	var read atomic.Int64
	open := source.Open
	source.Open = func(ctx context.Context, offset int64) (io.ReadCloser, error) {
		r, err := open(ctx, offset)
		return io.NopCloser(io.TeeReader(r, counterWriter{&read})), err
	}
	_, err := p.Upload(t.Context(), "a.tar.gz", source, share.UploadOptions{})
	if !api.IsForbidden(err) {
		t.Errorf("%T %v", err, err)
	}
	if read.Load() > 0 {
		t.Errorf("%d bytes of the content were read", read.Load())
	}
}

type counterWriter struct{ n *atomic.Int64 }

func (c counterWriter) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return len(p), nil
}

func TestAWrongURLIsOneClearError(t *testing.T) {
	t.Parallel()
	s := apacheServer(t, anyoneDir(t))
	other := xnet(t, s.dir)
	writeFile(t, filepath.Join(s.dir, "file"), "text")
	pages := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<html><title>Please log in</title></html>")
	}))
	defer pages.Close()
	for name, tc := range map[string]struct {
		url, text string
		is        func(error) bool
	}{
		"a redirect":             {"http://" + s.address + "/moved/", `redirects to "http://` + s.address + `/dav/"`, api.IsInvalidSpec},
		"a login page":           {pages.URL + "/dav/", `web page ("Please log in")`, api.IsInvalidSpec},
		"a file":                 {"http://" + s.address + "/dav/file", "400 Bad Request", api.IsNotSupported},
		"a file elsewhere":       {"http://" + other.address + "/dav/file", "is a file; a share is a folder", api.IsInvalidSpec},
		"a missing parent":       {"http://" + s.address + "/dav/no/such/folder/", "the folder does not exist", api.IsConflict},
		"a server without TLS":   {"https://" + s.address + "/dav/", "answers without TLS", api.IsInvalidSpec},
		"a host that is missing": {"http://no-such-host.invalid/dav/", `the host "no-such-host.invalid" does not exist`, api.IsInvalidSpec},
	} {
		p := openShare(t, "webdav", with(s.settings(s.address), share.Settings{"VAST_SHARE_URL": tc.url}))
		_, err := p.Upload(t.Context(), "a.tar.gz", unread(t, 1000), share.UploadOptions{})
		if !tc.is(err) || !strings.Contains(err.Error(), tc.text) {
			t.Errorf("%s: %T %v", name, err, err)
		}
		_ = p.Close()
	}
}

func TestAMissingFolderIsCreatedByAnUploadOnly(t *testing.T) {
	t.Parallel()
	for name, start := range davServers {
		t.Run(name, func(t *testing.T) {
			s := start(t, anyoneDir(t))
			settings := with(s.settings(s.address), share.Settings{"VAST_SHARE_URL": "http://" + s.address + "/dav/new%20folder"})
			p := openShare(t, "webdav", settings)
			defer p.Close()
			if _, err := p.Stat(t.Context(), "a.tar.gz"); !api.IsNotFound(err) {
				t.Errorf("%T %v", err, err)
			}
			if _, err := os.Stat(filepath.Join(s.dir, "new folder")); err == nil {
				t.Error("Stat has created the folder")
			}
			c := &testContent{size: 1000}
			if _, err := p.Upload(t.Context(), "a.tar.gz", c.source(), share.UploadOptions{}); err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(filepath.Join(s.dir, "new folder", "a.tar.gz")); err != nil || !bytes.Equal(got, c.bytes()) {
				t.Error("it has not arrived", err)
			}
		})
	}
}

// TestAnUploadWaitsForAServerThatLimitsRequests has an nginx that answers 20 requests a second.
func TestAnUploadWaitsForAServerThatLimitsRequests(t *testing.T) {
	t.Parallel()
	for _, status := range []int{429, 503} {
		s := nginx(t, anyoneDir(t), nginxExt+fmt.Sprintf(" limit_req zone=few burst=30 nodelay; limit_req_status %d;", status))
		p := openShare(t, "webdav", s.settings(s.address))
		defer p.Close()
		var err error
		for range 1000 { // at once
			if _, err = p.Stat(t.Context(), "a.tar.gz"); !api.IsNotFound(err) {
				break
			}
		}
		if !errors.As(err, new(*share.TemporaryError)) || !strings.Contains(err.Error(), fmt.Sprint(status)) {
			t.Fatalf("%d: %T %v", status, err, err)
		}
		c, refused := &testContent{size: 1 << 20}, 0
		if _, err := share.Upload(t.Context(), p, "a.tar.gz", c.source(), share.TransferOptions{Pause: 100 * time.Millisecond, Retry: func(error, time.Duration) { refused++ }}); err != nil {
			t.Errorf("%d: %v", status, err)
		}
		if refused == 0 {
			t.Errorf("%d: no attempt was refused", status)
		}
		if files := filesBelow(t, s.dir); len(files) != 1 {
			t.Errorf("%d: on the share: %q", status, files)
		}
	}
}

// TestAnUploadIsReadBackIfTheSettingsSaySo damages what is stored, of the same size.
func TestAnUploadIsReadBackIfTheSettingsSaySo(t *testing.T) {
	t.Parallel()
	s := xnet(t, anyoneDir(t))
	to, err := url.Parse("http://" + s.address)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	damage := atomic.Bool{}
	damaging := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && r.ContentLength > 1000 && damage.Load() {
			r.Body = io.NopCloser(io.MultiReader(strings.NewReader("X"), dropFirst(r.Body)))
		}
		proxy.ServeHTTP(w, r)
	}))
	defer damaging.Close()
	settings := s.settings(strings.TrimPrefix(damaging.URL, "http://"))
	c := &testContent{size: 1 << 20}
	p := openShare(t, "webdav", with(settings, share.Settings{"VAST_SHARE_VERIFY": "content"}))
	defer p.Close()
	damage.Store(true)
	if _, err := p.Upload(t.Context(), "a.tar.gz", c.source(), share.UploadOptions{}); !errors.As(err, new(*share.TemporaryError)) || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("%T %v", err, err)
	}
	if files := filesBelow(t, s.dir); len(files) > 0 {
		t.Errorf("on the share: %q", files)
	}
	damage.Store(false)
	made, err := share.Upload(t.Context(), p, "a.tar.gz", c.source(), share.TransferOptions{})
	if err != nil || made.Verified != "sha256" {
		t.Errorf("%+v, %v", made, err)
	}
	plain := openShare(t, "webdav", s.settings(s.address))
	defer plain.Close()
	if made, err := share.Upload(t.Context(), plain, "b.tar.gz", c.source(), share.TransferOptions{}); err != nil || made.Verified != "size only" {
		t.Errorf("%+v, %v", made, err)
	}
}

// dropFirst returns a reader without its first byte.
func dropFirst(r io.Reader) io.Reader {
	_, _ = io.ReadFull(r, make([]byte, 1)) // the copy fails then
	return r
}

// TestMoveWorksBehindAProxyThatEndsTLS has a proxy whose scheme the server does not see: it refuses
// an absolute Destination of https. Apache refuses a path, too, and so has no MOVE; its PUT is
// atomic.
func TestMoveWorksBehindAProxyThatEndsTLS(t *testing.T) {
	t.Parallel()
	for name := range davServers {
		t.Run(name, func(t *testing.T) {
			s := davServers[name](t, anyoneDir(t))
			address, ca := endTLS(t, s.address)
			settings := with(s.settings(""), share.Settings{"VAST_SHARE_URL": "https://" + address + "/dav/", "VAST_SHARE_CA": ca})
			p := openShare(t, "webdav", settings)
			defer p.Close()
			c := &testContent{size: 100_000}
			can, err := p.Capabilities(t.Context())
			if err != nil || can.AtomicReplace != (name == "Apache") {
				t.Errorf("%+v, %v", can, err)
			}
			for _, overwrite := range []bool{false, true} {
				if _, err := p.Upload(t.Context(), "a b.tar.gz", c.source(), share.UploadOptions{Overwrite: overwrite}); err != nil {
					t.Error(err)
				}
			}
			if files := filesBelow(t, s.dir); len(files) != 1 || files[0] != "a b.tar.gz" {
				t.Errorf("on the share: %q", files)
			}
		})
	}
}

// endTLS starts a proxy with TLS that keeps the header Host, and returns its address and
// its certificate.
func endTLS(t *testing.T, to string) (address, ca string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Director: func(r *http.Request) { r.URL.Scheme, r.URL.Host = "http", to }}
	s := httptest.NewUnstartedServer(proxy)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String(), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// TestAnUploadThatStallsArrivesWhileItsFileIsLocked has a server that keeps the unfinished file
// locked, since the connection of the stalled request stays open.
func TestAnUploadThatStallsArrivesWhileItsFileIsLocked(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"x-net", "rclone"} {
		t.Run(name, func(t *testing.T) {
			s := davServers[name](t, anyoneDir(t))
			p := openShare(t, "webdav", s.settings(stallsOnce(t, s.address, 2<<20)))
			defer p.Close()
			c, stalled := &testContent{size: 6 << 20}, 0
			_, err := share.Upload(t.Context(), p, "a.tar.gz", c.source(), share.TransferOptions{Retry: func(err error, _ time.Duration) {
				if strings.Contains(err.Error(), "sent nothing and took nothing for ") {
					stalled++
				}
			}})
			if err != nil || stalled != 1 {
				t.Fatalf("%v; it has stalled %d times", err, stalled)
			}
			if got, err := os.ReadFile(filepath.Join(s.dir, "a.tar.gz")); err != nil || !bytes.Equal(got, c.bytes()) {
				t.Error("it has not arrived whole", err)
			}
			if name == "rclone" {
				return // it does not answer PROPFIND of the folder until the connection is closed
			}
			for o, err := range p.List(t.Context()) {
				if err != nil || o.Name != "a.tar.gz" {
					t.Errorf("the list has %+v, %v", o, err)
				}
			}
		})
	}
}

// stallsOnce starts a relay that passes on nothing more of the first connection on which a
// client has sent so many bytes, and keeps it open.
func stallsOnce(t *testing.T, to string, after int64) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	var happened atomic.Bool
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", to)
			if err != nil {
				_ = client.Close()
				continue
			}
			go func() {
				defer client.Close()
				_, _ = io.Copy(client, server) // until one of them ends
			}()
			go func() {
				if _, err := io.CopyN(server, client, after); err == nil && happened.CompareAndSwap(false, true) {
					<-t.Context().Done()
				} else if err == nil {
					_, _ = io.Copy(server, client)
				}
				_ = server.Close()
			}()
		}
	}()
	return l.Addr().String()
}

// TestAnUploadToRcloneWithItsCacheIsReadBack has an rclone that answers before a file is stored.
func TestAnUploadToRcloneWithItsCacheIsReadBack(t *testing.T) {
	t.Parallel()
	s := rcloneMode(t, anyoneDir(t), "--vfs-cache-mode", "full", "--vfs-write-back", "100ms")
	p := openShare(t, "webdav", with(s.settings(s.address), share.Settings{"VAST_SHARE_VERIFY": "content"}))
	defer p.Close()
	for _, overwrite := range []bool{false, true} {
		c := &testContent{size: 3 << 20, seed: map[bool]uint64{true: 1}[overwrite]}
		made, err := share.Upload(t.Context(), p, "a.tar.gz", c.source(), share.TransferOptions{UploadOptions: share.UploadOptions{Overwrite: overwrite}})
		if err != nil || made.Verified != "sha256" {
			t.Errorf("%+v, %v", made, err)
		}
		w := &written{}
		if o, err := p.Download(t.Context(), "a.tar.gz", w, share.DownloadOptions{}); err != nil || o.Size != c.size || !bytes.Equal(w.text, c.bytes()) {
			t.Errorf("%+v, %v", o, err)
		}
	}
	for o, err := range p.List(t.Context()) {
		if err != nil || o.Name != "a.tar.gz" {
			t.Errorf("the list has %+v, %v", o, err)
		}
	}
}

// written is an io.WriterAt of a file that is written from its beginning on.
type written struct{ text []byte }

func (w *written) WriteAt(p []byte, off int64) (int, error) {
	if off != int64(len(w.text)) {
		return 0, fmt.Errorf("written at %d", off)
	}
	w.text = append(w.text, p...)
	return len(p), nil
}
