// Package dav is a share on a WebDAV server (RFC 4918), for the providers of type webdav
// and nextcloud.
//
// Servers differ in what they do with an interrupted or repeated request. An upload is
// sent to a temporary name and moved when it is complete, since several servers show what
// they have of a file, and replace an old one with it. MOVE is sent with "Overwrite: F":
// with T, three of six servers delete the target of a MOVE that is repeated, and five
// replace a whole folder.
package dav

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/kubevast/vast/internal/share/transport"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// Options describe a share.
type Options struct {
	// Type of the provider.
	Type string
	// Client sends the requests, with the credentials.
	Client *transport.Client
	// Root is the folder's URL.
	Root *url.URL
	// Setting is the name of the setting that Root comes from.
	Setting string
	// ReadBack: an upload is downloaded again and compared before it gets its name.
	ReadBack bool
	// Sum, if set, returns the checksums that the server computes of a file; none if it
	// does not.
	Sum func(ctx context.Context, s *Share, name string) (share.Checksums, error)
	// Store, if set, stores the content under a temporary name in place of a PUT. It
	// returns the checksums that the server has computed of it, if any.
	Store func(ctx context.Context, s *Share, part string, source share.Source, progress func(int64)) (share.Checksums, error)
	// Resume: Store continues.
	Resume bool
	// Discard, if set, removes what Store keeps outside of the folder.
	Discard func(ctx context.Context, s *Share, part string) error
}

// Share is a folder on a WebDAV server. It implements share.ShareProvider.
type Share struct {
	options Options
	client  *transport.Client
	root    *url.URL

	mu sync.Mutex
	// folder is what is found at the root; nil before the first request.
	folder *folder
	// notes of uploads that have no State, by name.
	notes map[string]string
	// probing is held while the server is examined with a scratch file.
	probing sync.Mutex
	// abilities are what it has found; nil before the first upload.
	abilities *abilities
}

// New returns a share. It sends no requests.
func New(o Options) *Share {
	root := *o.Root
	if !strings.HasSuffix(root.Path, "/") {
		if root.RawPath != "" {
			root.RawPath += "/"
		}
		root.Path += "/"
	}
	return &Share{options: o, client: o.Client, root: &root, notes: map[string]string{}}
}

// Type returns the type of the provider.
func (s *Share) Type() string { return s.options.Type }

// Close closes the connections.
func (s *Share) Close() error {
	s.client.Close()
	return nil
}

// URL returns the URL of a file.
func (s *Share) URL(name string) *url.URL { return Below(s.root, name) }

// Below returns the URL of a file in a folder, whose URL ends with a slash.
func Below(folder *url.URL, name string) *url.URL {
	u := *folder
	u.RawPath = folder.EscapedPath() + url.PathEscape(name)
	u.Path = folder.Path + name
	return &u
}

// Capabilities returns what the server can do. The first call stores and removes a small
// file.
func (s *Share) Capabilities(ctx context.Context) (share.Capabilities, error) {
	at, err := s.examine(ctx, true)
	if err != nil {
		return share.Capabilities{}, err
	}
	a, err := s.probe(ctx)
	switch {
	case api.IsForbidden(err), api.IsNotSupported(err): // for reading only
		return share.Capabilities{ResumeDownload: true, List: at.lists}, nil
	case err != nil:
		return share.Capabilities{}, err
	}
	c := share.Capabilities{
		ResumeUpload:   a.ranges || s.options.Store != nil && s.options.Resume,
		ResumeDownload: a.readRanges,
		List:           at.lists,
		Remove:         a.deletes,
		AtomicReplace:  !a.moves && a.atomicPut,
	}
	if s.options.ReadBack || a.sums {
		c.Checksums = []string{"sha256"}
	}
	return c, nil
}

// Download writes the content of a file.
func (s *Share) Download(ctx context.Context, name string, w io.WriterAt, o share.DownloadOptions) (share.Object, error) {
	// A GET of a folder may be a page with its files.
	if _, err := s.file(ctx, name); err != nil {
		return share.Object{}, err
	}
	return s.client.Fetch(ctx, s.URL(name), name, w, o, nil)
}

// request returns a request to a URL without a body.
func (s *Share) request(ctx context.Context, method string, to *url.URL, header ...string) *http.Request {
	return Request(ctx, s.client, method, to, header...)
}

// Request returns a request without a body, with names and values of its header.
func Request(ctx context.Context, client *transport.Client, method string, to *url.URL, header ...string) *http.Request {
	r := client.NewRequest(ctx, method, to)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}
