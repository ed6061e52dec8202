package gcs

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/kubevast/vast/internal/share/google"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

const (
	// fields are those of an object that are used. A list omits the metadata, of which an object of
	// another program may have 8 KiB.
	fields     = listFields + ",metadata"
	listFields = "name,size,updated,md5Hash,crc32c,generation"
	// pageSize is the most that the service lists at once.
	pageSize = "1000"
)

// provider implements share.ShareProvider.
type provider struct {
	client *google.Client
	bucket string
	// prefix is empty, or ends with a slash.
	prefix string
}

// resource describes an object (https://cloud.google.com/storage/docs/json_api/v1/objects).
type resource struct {
	Name       string            `json:"name"`
	Size       string            `json:"size"`
	Updated    time.Time         `json:"updated"`
	MD5        string            `json:"md5Hash"`
	CRC32C     string            `json:"crc32c"`
	Generation string            `json:"generation"`
	Metadata   map[string]string `json:"metadata"`
}

// object returns the description of an archive.
func (p *provider) object(r resource) share.Object {
	o := share.Object{Name: strings.TrimPrefix(r.Name, p.prefix), Size: -1, Modified: r.Updated, Validator: r.Generation}
	if size, err := strconv.ParseInt(r.Size, 10, 64); err == nil && size >= 0 {
		o.Size = size
	}
	o.Checksums = share.Checksums{MD5: hexOf(r.MD5, 16), CRC32C: hexOf(r.CRC32C, 4)}
	return o
}

// hexOf returns a checksum of n bytes in hex, "" if it is not one in base64.
func hexOf(encoded string, n int) string {
	sum, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(sum) != n {
		return ""
	}
	return hex.EncodeToString(sum)
}

// Type implements share.ShareProvider.
func (p *provider) Type() string { return "gcs" }

// Close implements share.ShareProvider.
func (p *provider) Close() error {
	p.client.Close()
	return nil
}

// Capabilities implements share.ShareProvider.
func (p *provider) Capabilities(context.Context) (share.Capabilities, error) {
	return share.Capabilities{ResumeUpload: true, ResumeDownload: true, Checksums: []string{"crc32c", "md5"},
		AtomicReplace: true, List: true, Remove: !p.client.Anonymous()}, nil
}

// bucketPath is the path of the bucket's objects, and path that of one.
func (p *provider) bucketPath() string {
	return "/storage/v1/b/" + url.PathEscape(p.bucket) + "/o"
}

func (p *provider) path(name string) string {
	return p.bucketPath() + "/" + url.PathEscape(p.prefix+name)
}

// Stat implements share.ShareProvider.
func (p *provider) Stat(ctx context.Context, name string) (share.Object, error) {
	r, err := p.get(ctx, name)
	if err != nil {
		return share.Object{}, p.explain(err, fmt.Sprintf("read the size of %q", name))
	}
	return p.object(r), nil
}

// get returns an object. It returns an api.NotFoundError if there is none, and an
// api.ConflictError if there is a folder instead.
func (p *provider) get(ctx context.Context, name string) (r resource, err error) {
	err = p.client.JSON(ctx, google.Request{Method: http.MethodGet, Path: p.path(name), Query: url.Values{"fields": {fields}}}, &r)
	if isStatus(err, http.StatusNotFound) {
		return r, p.missing(ctx, name)
	}
	return r, err
}

// missing returns the error of a name that there is no object of. The answer 404 is the same
// for a missing bucket, which is asked for by a list: reading a bucket needs a
// permission that the roles for objects do not have.
func (p *provider) missing(ctx context.Context, name string) error {
	found, err := p.page(ctx, url.Values{"prefix": {p.prefix + name + "/"}, "maxResults": {"1"}})
	switch {
	case err == nil && len(found.Items) > 0:
		return &api.ConflictError{Message: fmt.Sprintf("%q is a folder in the bucket %q", name, p.bucket)}
	case isBucketMissing(err):
		return p.noBucket()
	case err != nil && !isStatus(err, http.StatusNotFound) && !isStatus(err, http.StatusForbidden) && !isStatus(err, http.StatusUnauthorized):
		return err
	}
	return &api.NotFoundError{Kind: "archive", Name: name}
}

func (p *provider) noBucket() error {
	return api.Invalid("", "the bucket %q of %s does not exist", p.bucket, bucketSetting)
}

// isBucketMissing reports whether a list was refused because there is no such bucket. An answer
// without a message is not the service's.
func isBucketMissing(err error) bool {
	var refused *google.StatusError
	return errors.As(err, &refused) && refused.Status == http.StatusNotFound && refused.Message != ""
}

func isStatus(err error, status int) bool {
	var refused *google.StatusError
	return errors.As(err, &refused) && refused.Status == status
}

// explain returns an error with what was tried, and for a refusal with the setting to change.
func (p *provider) explain(err error, doing string) error {
	if p.client.Anonymous() && (isStatus(err, http.StatusUnauthorized) || isStatus(err, http.StatusForbidden)) {
		return &api.ForbiddenError{Message: fmt.Sprintf("cannot %s: the bucket %q is not public, and %s is not set", doing, p.bucket, keySetting), Cause: err}
	}
	return google.Explain(err, doing)
}

// listing is a page of a list.
type listing struct {
	Items []resource `json:"items"`
	Next  string     `json:"nextPageToken"`
}

func (p *provider) page(ctx context.Context, query url.Values) (l listing, err error) {
	query.Set("fields", "items("+listFields+"),nextPageToken")
	err = p.client.JSON(ctx, google.Request{Method: http.MethodGet, Path: p.bucketPath(), Query: query}, &l)
	return l, err
}

// List implements share.ShareProvider. An answer has at most 1,000 objects, and may have
// none and the address of the next page.
func (p *provider) List(ctx context.Context) iter.Seq2[share.Object, error] {
	return func(yield func(share.Object, error) bool) {
		for token := ""; ; {
			query := url.Values{"prefix": {p.prefix}, "delimiter": {"/"}, "maxResults": {pageSize}}
			if token != "" {
				query.Set("pageToken", token)
			}
			l, err := p.page(ctx, query)
			if isBucketMissing(err) {
				err = p.noBucket()
			}
			if err == nil && l.Next != "" && l.Next == token {
				err = &api.NotSupportedError{Message: "the server repeats a page"}
			}
			if err != nil {
				yield(share.Object{}, p.explain(err, fmt.Sprintf("list the bucket %q", p.bucket)))
				return
			}
			for _, r := range l.Items {
				o := p.object(r)
				if share.ValidName(o.Name) == nil && !share.IsTemporary(o.Name) && !yield(o, nil) {
					return
				}
			}
			if token = l.Next; token == "" {
				return
			}
		}
	}
}

// Download implements share.ShareProvider. It reads the generation that it found, so that
// a replacement during the download does not mix two contents.
func (p *provider) Download(ctx context.Context, name string, w io.WriterAt, o share.DownloadOptions) (share.Object, error) {
	doing := fmt.Sprintf("download %q", name)
	r, err := p.get(ctx, name)
	if err != nil {
		return share.Object{}, p.explain(err, doing)
	}
	object := p.object(r)
	if object.Size < 0 {
		return share.Object{}, &api.NotSupportedError{Message: fmt.Sprintf("cannot %s: the server does not report its size", doing)}
	}
	offset := o.Offset
	if o.Validator != "" && o.Validator != object.Validator {
		offset = 0
	}
	query := url.Values{"alt": {"media"}}
	if r.Generation != "" {
		query.Set("generation", r.Generation)
	}
	err = p.client.Download(ctx, google.Request{Method: http.MethodGet, Path: p.path(name), Query: query}, object.Size, w, offset, o.Progress)
	if isStatus(err, http.StatusNotFound) {
		err = &share.TemporaryError{Message: "it was replaced or removed meanwhile", Cause: err}
	}
	if err != nil {
		return share.Object{}, p.explain(err, doing)
	}
	return object, nil
}

// Remove implements share.ShareProvider.
func (p *provider) Remove(ctx context.Context, name string) error {
	if p.client.Anonymous() {
		return noKey()
	}
	err := p.client.JSON(ctx, google.Request{Method: http.MethodDelete, Path: p.path(name)}, nil)
	if isStatus(err, http.StatusNotFound) {
		err = p.missing(ctx, name)
	}
	return p.explain(err, fmt.Sprintf("remove %q", name))
}
