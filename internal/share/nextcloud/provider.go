package nextcloud

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/kubevast/vast/internal/share/dav"
	"github.com/kubevast/vast/internal/share/transport"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

const (
	// firstRecent is the first release with public.php/dav.
	firstRecent = 29
	// maxJSON limits an answer in JSON.
	maxJSON = 4 << 20
)

// provider is a public link. It implements share.ShareProvider by a dav.Share, which is
// made when it is known where the server has the files.
type provider struct {
	link     link
	password string
	readBack bool
	client   *transport.Client
	// chunkSize is the size of a chunk, unless that makes more than maxChunks.
	chunkSize int64
	// legacy: the files are below public.php/webdav, which takes the token as the user.
	legacy atomic.Bool
	// chunks: the server takes an upload in chunks.
	chunks atomic.Bool

	mu    sync.Mutex
	share *dav.Share
	// refused is the first refusal of the link. It is not asked for again, since
	// Nextcloud slows down, and then refuses, who tries wrong passwords.
	refused error
}

// authorize adds the credentials. Without the header X-Requested-With Nextcloud
// answers 401 to all but GET where sending shares to other servers is switched off.
func (p *provider) authorize(r *http.Request) {
	r.Header.Set("X-Requested-With", "XMLHttpRequest")
	switch {
	case p.legacy.Load():
		r.SetBasicAuth(p.link.token, p.password)
	case p.password != "": // without one, a wrong token is 404 instead of 401
		r.SetBasicAuth("anonymous", p.password)
	}
}

// connect finds the files of the link, once.
//
// They are below public.php/dav/files/TOKEN since Nextcloud 29, and below
// public.php/webdav before.
func (p *provider) connect(ctx context.Context) (*dav.Share, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.share != nil || p.refused != nil {
		return p.share, p.refused
	}
	root := p.link.below("public.php/dav/files/" + p.link.token + "/")
	err := p.look(ctx, root)
	if (api.IsNotFound(err) || errors.Is(err, dav.ErrNoListing)) && !p.isRecent(ctx) {
		p.legacy.Store(true)
		root = p.link.below("public.php/webdav/")
		if err = p.look(ctx, root); err != nil {
			p.legacy.Store(false)
		}
	}
	switch {
	case errors.Is(err, dav.ErrNoListing):
		return nil, api.Invalid(urlSetting, "the link is for uploads only (a file drop): archives can be neither listed nor verified there, and a repeated upload adds a second file; a link that allows viewing and editing is needed")
	case api.IsNotFound(err):
		return nil, api.Invalid(urlSetting, "the link does not exist on the server, or has expired")
	case transport.IsUnauthorized(err):
		p.refused = p.refusal(err)
		return nil, p.refused
	case err != nil:
		return nil, err
	}
	if !p.legacy.Load() {
		chunks, err := p.takesChunks(ctx)
		if err != nil {
			return nil, err
		}
		p.chunks.Store(chunks)
	}
	p.share = dav.New(dav.Options{
		Type: "nextcloud", Client: p.client, Root: root, Setting: urlSetting, ReadBack: p.readBack,
		Sum: p.sum, Store: p.store, Resume: p.chunks.Load(), Discard: p.discard,
	})
	return p.share, nil
}

// isRecent reports whether the server is of a release that has public.php/dav, where
// another path need not be tried. The file status.php is public.
func (p *provider) isRecent(ctx context.Context) bool {
	var status struct {
		Version string `json:"version"`
	}
	r := dav.Request(ctx, p.client, http.MethodGet, p.link.below("status.php"))
	if found, err := p.getJSON(r, &status); err != nil || !found {
		return false
	}
	major, _, _ := strings.Cut(status.Version, ".")
	n, err := strconv.Atoi(major)
	return err == nil && n >= firstRecent
}

// getJSON reads an answer, without the credentials of the link: they are not those of a
// user. Not found means that there is another answer.
func (p *provider) getJSON(r *http.Request, answer any) (found bool, _ error) {
	r.Header.Del("Authorization")
	resp, err := p.client.Do(r)
	if err != nil {
		return false, err
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	if resp.StatusCode != http.StatusOK || json.NewDecoder(io.LimitReader(resp.Body, maxJSON)).Decode(answer) != nil {
		return false, nil
	}
	return true, nil
}

// look returns an error unless there is a folder at a URL.
func (p *provider) look(ctx context.Context, root *url.URL) error {
	found, file := false, false
	err := dav.Propfind(ctx, p.client, root, "0", func(e dav.Entry) bool {
		found, file = true, !e.Folder
		return true
	})
	switch {
	case err != nil:
		return err
	case file:
		return api.Invalid(urlSetting, "the link is that of a file; a share is a folder")
	case !found:
		return &api.NotSupportedError{Message: "the server reports nothing about the folder of the link"}
	}
	return nil
}

// refusal returns the error of a link that the server refuses.
func (p *provider) refusal(err error) error {
	if p.password == "" {
		return &api.ForbiddenError{Message: "the link needs a password, which the setting " + passwordSetting + " has to contain", Cause: err}
	}
	return &api.ForbiddenError{Message: "the password of the link is refused (" + passwordSetting + ")", Cause: err}
}

// Type returns "nextcloud".
func (p *provider) Type() string { return "nextcloud" }

// Close closes the connections.
func (p *provider) Close() error {
	p.client.Close()
	return nil
}

// Capabilities returns what the server can do.
func (p *provider) Capabilities(ctx context.Context) (share.Capabilities, error) {
	s, err := p.connect(ctx)
	if err != nil {
		return share.Capabilities{}, err
	}
	return s.Capabilities(ctx)
}

// Stat returns what the server reports of a file.
func (p *provider) Stat(ctx context.Context, name string) (share.Object, error) {
	s, err := p.connect(ctx)
	if err != nil {
		return share.Object{}, err
	}
	return s.Stat(ctx, name)
}

// List yields the files of the folder.
func (p *provider) List(ctx context.Context) iter.Seq2[share.Object, error] {
	return func(yield func(share.Object, error) bool) {
		s, err := p.connect(ctx)
		if err != nil {
			yield(share.Object{}, err)
			return
		}
		s.List(ctx)(yield)
	}
}

// Upload makes one attempt to store a file.
func (p *provider) Upload(ctx context.Context, name string, source share.Source, o share.UploadOptions) (share.Object, error) {
	s, err := p.connect(ctx)
	if err != nil {
		return share.Object{}, err
	}
	return s.Upload(ctx, name, source, o)
}

// Download writes the content of a file.
func (p *provider) Download(ctx context.Context, name string, w io.WriterAt, o share.DownloadOptions) (share.Object, error) {
	s, err := p.connect(ctx)
	if err != nil {
		return share.Object{}, err
	}
	return s.Download(ctx, name, w, o)
}

// Remove removes a file.
func (p *provider) Remove(ctx context.Context, name string) error {
	s, err := p.connect(ctx)
	if err != nil {
		return err
	}
	return s.Remove(ctx, name)
}
