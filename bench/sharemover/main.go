// Command sharemover moves one file to or from a WebDAV share, for the bench:
// `sharemover up|down URL CA FILE SHA256` with the provider of this module, and
// `sharemover lib-up|lib-down URL CA FILE` with gowebdav's own client. CA is a file or "-".
// `sharemover archive STORE CAMPAIGN NAME` builds an archive in a store that is a folder.
// The user and the password are those of the bench.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/studio-b12/gowebdav"

	"github.com/kubevast/vast/agent/archiver"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/share/providers"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/share"
)

const (
	user     = "bench"
	password = "bench-password"
	name     = "archive.tar.gz"
)

func main() {
	if os.Args[1] == "archive" {
		if err := archive(context.Background(), os.Args[2], os.Args[3], os.Args[4]); err != nil {
			fmt.Fprintln(os.Stderr, "error:", err)
			os.Exit(1)
		}
		return
	}
	if err := move(context.Background(), os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func archive(ctx context.Context, root, campaign, name string) error {
	b, err := store.OpenDir(root)
	if err != nil {
		return err
	}
	_, err = archiver.Build(ctx, b, archiver.Options{Prefix: layout.CampaignPrefix(campaign), Folder: campaign, Name: name})
	return err
}

func move(ctx context.Context, what, url, ca, file string, more []string) error {
	trusted := ""
	if ca != "-" {
		text, err := os.ReadFile(ca)
		if err != nil {
			return err
		}
		trusted = string(text)
	}
	switch what {
	case "lib-up", "lib-down":
		return library(what, url, trusted, file)
	}
	d, err := providers.Builtin().Lookup("webdav")
	if err != nil {
		return err
	}
	p, err := d.Open(ctx, share.Settings{"VAST_SHARE_URL": url, "VAST_SHARE_USER": user, "VAST_SHARE_PASSWORD": password, "VAST_SHARE_CA": trusted})
	if err != nil {
		return err
	}
	defer p.Close()
	if what == "down" {
		_, err := share.Download(ctx, p, name, file, share.FileOptions{})
		return err
	}
	at, err := os.Stat(file)
	if err != nil {
		return err
	}
	source := share.Source{Size: at.Size(), Checksums: share.Checksums{SHA256: more[0]}, Open: func(_ context.Context, offset int64) (io.ReadCloser, error) {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		_, err = f.Seek(offset, io.SeekStart)
		return f, err
	}}
	_, err = share.Upload(ctx, p, name, source, share.TransferOptions{})
	return err
}

// library is gowebdav as its documentation uses it: its own transport, which is net/http's
// default, and here only trusts one more certificate.
func library(what, url, ca, file string) error {
	c := gowebdav.NewAuthClient(url, gowebdav.NewPreemptiveAuth(basic{}))
	if ca != "" {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM([]byte(ca))
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
		c.SetTransport(transport)
	}
	if what == "lib-up" {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer f.Close()
		return c.WriteStream(name, f, 0o644)
	}
	r, err := c.ReadStream(name)
	if err != nil {
		return err
	}
	defer r.Close()
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, r); err != nil {
		return err
	}
	return f.Close()
}

// basic sends the password with each request, so that no body is held for a second one.
type basic struct{}

func (basic) Authorize(_ *http.Client, r *http.Request, _ string) error {
	r.SetBasicAuth(user, password)
	return nil
}
func (basic) Verify(*http.Client, *http.Response, string) (bool, error) { return false, nil }
func (basic) Clone() gowebdav.Authenticator                             { return basic{} }
func (basic) Close() error                                              { return nil }
