package gdrive

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/kubevast/vast/internal/share/google"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// provider implements share.ShareProvider.
type provider struct {
	client *google.Client
	// folder is the id of the folder, and resourceKey what some older links need.
	folder, resourceKey string

	mu    sync.Mutex
	known *folder
}

// Type implements share.ShareProvider.
func (p *provider) Type() string { return "gdrive" }

// Close implements share.ShareProvider.
func (p *provider) Close() error {
	p.client.Close()
	return nil
}

// Capabilities implements share.ShareProvider.
func (p *provider) Capabilities(context.Context) (share.Capabilities, error) {
	return share.Capabilities{ResumeUpload: true, ResumeDownload: true, Checksums: []string{"sha256", "md5"},
		AtomicReplace: true, List: true, Remove: true}, nil
}

// Stat implements share.ShareProvider.
func (p *provider) Stat(ctx context.Context, name string) (share.Object, error) {
	f, err := p.find(ctx, name)
	if err != nil {
		return share.Object{}, p.explain(err, fmt.Sprintf("read the size of %q", name))
	}
	return f.object(), nil
}

// List implements share.ShareProvider. It yields every file of a name that several have.
func (p *provider) List(ctx context.Context) iter.Seq2[share.Object, error] {
	return func(yield func(share.Object, error) bool) {
		for f, err := range p.files(ctx, "") {
			if err != nil {
				yield(share.Object{}, p.explain(err, "list the folder"))
				return
			}
			isArchive := !strings.HasPrefix(f.Type, docsPrefix) && share.ValidName(f.Name) == nil && !share.IsTemporary(f.Name)
			if isArchive && !yield(f.object(), nil) {
				return
			}
		}
	}
}

// Download implements share.ShareProvider. A request cannot name the revision, so a
// replacement during the download is found by a second look at the end.
func (p *provider) Download(ctx context.Context, name string, w io.WriterAt, o share.DownloadOptions) (share.Object, error) {
	doing := fmt.Sprintf("download %q", name)
	f, err := p.find(ctx, name)
	if err != nil {
		return share.Object{}, p.explain(err, doing)
	}
	object := f.object()
	if object.Size < 0 {
		return share.Object{}, &api.NotSupportedError{Message: fmt.Sprintf("cannot %s: the server does not report its size", doing)}
	}
	offset := o.Offset
	if o.Validator != "" && o.Validator != object.Validator {
		offset = 0
	}
	err = p.client.Download(ctx, p.request(http.MethodGet, filePath(f.ID), url.Values{"alt": {"media"}}), object.Size, w, offset, o.Progress)
	var now file
	if err == nil {
		now, err = p.get(ctx, f.ID)
	}
	if err == nil && now.Revision != f.Revision || isReason(err, "notFound") {
		err = &share.TemporaryError{Message: "it was replaced or removed meanwhile", Cause: err}
	}
	if err != nil {
		return share.Object{}, p.explain(err, doing)
	}
	return object, nil
}

// Remove implements share.ShareProvider. It moves the file to the trash: only an organizer
// of a Shared Drive may delete at once. The service empties the trash after 30 days.
func (p *provider) Remove(ctx context.Context, name string) error {
	f, err := p.find(ctx, name)
	if err == nil {
		err = p.trash(ctx, f.ID)
	}
	return p.explain(err, fmt.Sprintf("remove %q", name))
}

func (p *provider) trash(ctx context.Context, id string) error {
	r := p.request(http.MethodPatch, filePath(id), url.Values{"fields": {"id"}})
	r.Body = map[string]any{"trashed": true}
	return p.client.JSON(ctx, r, nil)
}

// uploadKey is the property of a file that has the id of the upload.
const uploadKey = "vast-upload"

// Upload implements share.ShareProvider. A new file appears when its content is complete, and
// the content of an existing one is replaced then, with its id and its links kept.
func (p *provider) Upload(ctx context.Context, name string, source share.Source, o share.UploadOptions) (share.Object, error) {
	object, err := p.client.Upload(ctx, name, source, o, &destination{provider: p, name: name, source: source})
	return object, p.quota(err, fmt.Sprintf("store %q", name))
}

// destination implements google.Destination. The version of what is there is a file's id.
type destination struct {
	*provider
	name   string
	source share.Source
}

// Find implements google.Destination.
func (d *destination) Find(ctx context.Context) (google.Present, error) {
	f, err := d.find(ctx, d.name)
	if api.IsNotFound(err) {
		return google.Present{}, nil
	}
	if err != nil {
		return google.Present{}, err
	}
	resource, err := json.Marshal(f)
	return google.Present{Exists: true, Version: f.ID, Upload: f.Properties[uploadKey], Resource: resource}, err
}

// Start implements google.Destination.
func (d *destination) Start(_ context.Context, present google.Present, id string) (google.Request, error) {
	query := url.Values{"uploadType": {"resumable"}, "fields": {fields}}
	properties := map[string]string{uploadKey: id}
	if present.Exists {
		r := d.request(http.MethodPatch, "/upload"+filePath(present.Version), query)
		r.Body = map[string]any{"appProperties": properties}
		return r, nil
	}
	r := d.request(http.MethodPost, "/upload/drive/v3/files", query)
	r.Body = map[string]any{"name": d.name, "parents": []string{d.folder}, "mimeType": "application/octet-stream", "appProperties": properties}
	return r, nil
}

// Finish implements google.Destination. What differs from the source is moved to the trash, as
// is a new file if another upload has created one of the same name before.
func (d *destination) Finish(ctx context.Context, stored json.RawMessage) (share.Object, error) {
	var f file
	if err := json.Unmarshal(stored, &f); err != nil || f.ID == "" {
		return share.Object{}, &api.NotSupportedError{Message: "the server does not describe what it has stored"}
	}
	wrong := d.difference(f)
	if wrong != "" || f.SHA256 == "" && f.MD5 == "" {
		// The answer may be that of a proxy; what counts is what is stored.
		var err error
		if f, err = d.get(ctx, f.ID); err != nil {
			return share.Object{}, err
		}
		wrong = d.difference(f)
	}
	if wrong != "" {
		if err := d.trash(ctx, f.ID); err != nil {
			return share.Object{}, &api.UnavailableError{Message: fmt.Sprintf("what the server has stored has %s, and cannot be removed: %v", wrong, err), Cause: err}
		}
		return share.Object{}, &api.UnavailableError{Message: fmt.Sprintf("what the server has stored had %s, and was moved to the trash", wrong)}
	}
	all, err := d.named(ctx, d.name)
	if err != nil {
		return share.Object{}, err
	}
	for _, other := range all {
		if other.ID == f.ID || !other.before(f) {
			continue
		}
		if err := d.trash(ctx, f.ID); err != nil {
			return share.Object{}, err
		}
		return share.Object{}, &api.ConflictError{Message: fmt.Sprintf("another upload of %q was faster", d.name)}
	}
	return f.object(), nil
}

// before reports whether f is the one of two files of a name that stays.
func (f file) before(other file) bool {
	if !f.Created.Equal(other.Created) {
		return f.Created.Before(other.Created)
	}
	return f.ID < other.ID
}

// difference returns how a file differs from the source, "" if it does not.
func (d *destination) difference(f file) string {
	o, want := f.object(), d.source.Checksums
	switch {
	case o.Name != d.name:
		return fmt.Sprintf("the name %q", o.Name)
	case o.Size != d.source.Size:
		return fmt.Sprintf("the size %d instead of %d", o.Size, d.source.Size)
	case o.Checksums.SHA256 != "" && o.Checksums.SHA256 != want.SHA256:
		return fmt.Sprintf("the SHA-256 %q instead of %q", o.Checksums.SHA256, want.SHA256)
	case o.Checksums.MD5 != "" && want.MD5 != "" && o.Checksums.MD5 != want.MD5:
		return fmt.Sprintf("the MD5 %q instead of %q", o.Checksums.MD5, want.MD5)
	}
	return ""
}
