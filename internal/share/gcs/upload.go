package gcs

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/url"

	"github.com/kubevast/vast/internal/share/google"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

const (
	// absent is the generation of a name that has no object.
	absent = "0"
	// uploadKey and sumKey are the metadata of an object that its upload sets: the
	// upload's id, and the SHA-256 of the content, which the service does not compute.
	uploadKey = "vast-upload"
	sumKey    = "vast-sha256"
)

// Upload implements share.ShareProvider. The service compares the CRC32C with that
// of what has arrived before the object becomes visible, and the generation with the one that
// was found before, so it never replaces what was stored meanwhile.
func (p *provider) Upload(ctx context.Context, name string, source share.Source, o share.UploadOptions) (share.Object, error) {
	if p.client.Anonymous() {
		return share.Object{}, noKey()
	}
	return p.client.Upload(ctx, name, source, o, &destination{provider: p, name: name, source: source, overwrite: o.Overwrite})
}

// destination implements google.Destination.
type destination struct {
	*provider
	name      string
	source    share.Source
	overwrite bool
}

// Find implements google.Destination.
func (d *destination) Find(ctx context.Context) (google.Present, error) {
	r, err := d.get(ctx, d.name)
	switch {
	case api.IsNotFound(err):
		return google.Present{Version: absent}, nil
	case isStatus(err, http.StatusForbidden) && !d.overwrite:
		// A key may create objects without reading any. The generation still protects what
		// is there, though only at the end.
		return google.Present{Version: absent}, nil
	case err != nil:
		return google.Present{}, err
	}
	text, err := json.Marshal(r)
	return google.Present{Exists: true, Version: r.Generation, Upload: r.Metadata[uploadKey], Resource: text}, err
}

// Start implements google.Destination. A checksum counts only in the resource of the start:
// that of the last request is ignored.
func (d *destination) Start(ctx context.Context, present google.Present, id string) (google.Request, error) {
	sum, err := d.crc32c(ctx)
	if err != nil {
		return google.Request{}, err
	}
	query := url.Values{"uploadType": {"resumable"}, "name": {d.prefix + d.name}, "ifGenerationMatch": {present.Version}}
	return google.Request{Method: http.MethodPost, Path: "/upload" + d.bucketPath(), Query: query, Body: map[string]any{
		"name": d.prefix + d.name, "contentType": "application/octet-stream", "crc32c": base64.StdEncoding.EncodeToString(sum),
		"metadata": map[string]string{uploadKey: id, sumKey: d.source.Checksums.SHA256},
	}}, nil
}

// crc32c returns the checksum of the source, and reads the source if it is not known.
func (d *destination) crc32c(ctx context.Context) ([]byte, error) {
	if known := d.source.Checksums.CRC32C; known != "" {
		sum, err := hex.DecodeString(known)
		if err != nil || len(sum) != crc32.Size {
			return nil, fmt.Errorf("the CRC32C %q of the content is not one in hex", known)
		}
		return sum, nil
	}
	content, err := d.source.Open(ctx, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = content.Close() }() // it was only read
	hash := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	n, err := io.Copy(hash, content)
	if err == nil && n != d.source.Size {
		err = fmt.Errorf("the content has %d bytes instead of %d", n, d.source.Size)
	}
	sum := hash.Sum(nil)
	d.source.Checksums.CRC32C = hex.EncodeToString(sum)
	return sum, err
}

// Finish implements google.Destination. What differs from the source is removed.
func (d *destination) Finish(ctx context.Context, stored json.RawMessage) (share.Object, error) {
	var r resource
	if err := json.Unmarshal(stored, &r); err != nil {
		return share.Object{}, &api.NotSupportedError{Message: "the server does not describe what it has stored"}
	}
	sum, err := d.crc32c(ctx)
	if err != nil {
		return share.Object{}, err
	}
	if d.difference(r, sum) != "" {
		// The answer may be that of a proxy; what counts is what is stored.
		if r, err = d.get(ctx, d.name); err != nil {
			return share.Object{}, err
		}
	}
	wrong := d.difference(r, sum)
	if wrong == "" {
		return d.object(r), nil
	}
	err = d.client.JSON(ctx, google.Request{Method: http.MethodDelete, Path: d.path(d.name), Query: url.Values{"ifGenerationMatch": {r.Generation}}}, nil)
	if err != nil {
		return share.Object{}, &api.UnavailableError{Message: fmt.Sprintf("what the server has stored has %s, and cannot be removed: %v", wrong, err), Cause: err}
	}
	return share.Object{}, &api.UnavailableError{Message: fmt.Sprintf("what the server has stored had %s, and was removed", wrong)}
}

// difference returns how an object differs from the source, "" if it does not.
func (d *destination) difference(r resource, sum []byte) string {
	switch o, want := d.object(r), hex.EncodeToString(sum); {
	case o.Name != d.name:
		return fmt.Sprintf("the name %q", o.Name)
	case o.Size != d.source.Size:
		return fmt.Sprintf("the size %d instead of %d", o.Size, d.source.Size)
	case o.Checksums.CRC32C != want:
		return fmt.Sprintf("the CRC32C %q instead of %q", o.Checksums.CRC32C, want)
	}
	return ""
}
