package s3

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

const (
	// smallest is the size of the parts of an upload, unless it would have too many. One
	// that is not larger is sent as one object.
	smallest = 8 << 20
	// maxParts is S3's limit.
	maxParts = 10_000
	// cleanTime limits the removal of what is left, after the upload has ended.
	cleanTime = 30 * time.Second
)

// partSize returns the size of the parts of a content.
func partSize(size int64) int64 {
	const mib = 1 << 20
	return max(smallest, (size/maxParts/mib+1)*mib)
}

// Upload implements share.ShareProvider.
func (p *provider) Upload(ctx context.Context, name string, source share.Source, o share.UploadOptions) (share.Object, error) {
	switch _, err := p.Stat(ctx, name); {
	case err == nil && !o.Overwrite:
		return share.Object{}, p.exists(name)
	case err != nil && !api.IsNotFound(err):
		return share.Object{}, err
	}
	u := &upload{p: p, name: name, source: source, o: o}
	if source.Size > smallest {
		return u.inParts(ctx)
	}
	return u.whole(ctx)
}

type upload struct {
	p      *provider
	name   string
	source share.Source
	o      share.UploadOptions
	meter  meter
}

// whole sends the content in one request, so that nothing is visible before its end.
func (u *upload) whole(ctx context.Context) (share.Object, error) {
	u.meter.notify = u.o.Progress
	var (
		info minio.UploadInfo
		sum  string
	)
	binary, err := hex.DecodeString(u.source.Checksums.MD5)
	if err != nil {
		return share.Object{}, api.Invalid("", "the MD5 %q of the content is not in hex", u.source.Checksums.MD5)
	}
	md5Header := base64.StdEncoding.EncodeToString(binary)
	err = u.unlessThere(func(o minio.PutObjectOptions) error {
		o.DisableContentSha256 = true // by the S3 client
		r, err := u.open(ctx, 0, u.source.Size, 0)
		if err != nil {
			return err
		}
		defer r.Close()
		// The server compares these before the object is visible.
		info, err = u.p.s3.PutObject(ctx, u.p.bucket, u.p.key(u.name), r, u.source.Size, md5Header, u.source.Checksums.SHA256, o)
		sum = hex.EncodeToString(r.hash.Sum(nil))
		return r.or(err)
	})
	if err != nil {
		return share.Object{}, u.p.failed(ctx, "store", u.name, err)
	}
	made := u.p.object(u.name, minio.ObjectInfo{Key: info.Key, Size: u.source.Size, ETag: info.ETag})
	if made.Checksums.MD5 != "" && made.Checksums.MD5 != sum {
		// What arrived is not what was read; it is not to stay there.
		return made, u.withdraw(ctx, fmt.Sprintf("%q was damaged on its way to bucket %q", u.name, u.p.bucket))
	}
	return u.p.Stat(ctx, u.name)
}

// withdraw removes an object that proved damaged, and returns the error.
func (u *upload) withdraw(ctx context.Context, message string) error {
	if err := u.p.s3.RemoveObject(ctx, u.p.bucket, u.p.key(u.name), minio.RemoveObjectOptions{}); err != nil {
		return u.p.failed(ctx, "remove the damaged", u.name, err)
	}
	return &share.TemporaryError{Message: message}
}

// unlessThere calls send with the condition that there is no object of the name, unless
// it is to be overwritten. A server that has no conditions gets none: the upload has
// looked before.
func (u *upload) unlessThere(send func(minio.PutObjectOptions) error) error {
	var o minio.PutObjectOptions
	if u.o.Overwrite {
		return send(o)
	}
	o.SetMatchETagExcept("*")
	err := send(o)
	if minio.ToErrorResponse(err).Code == "NotImplemented" {
		return send(minio.PutObjectOptions{})
	}
	return err
}

// sourceError is an error of the source, not of the share.
type sourceError struct{ error }

// Unwrap returns the source's own error.
func (e *sourceError) Unwrap() error { return e.error }

// reader reads a part of the source.
type reader struct {
	io.Reader
	io.Closer
	hash   hash.Hash
	failed error
	// n is which part it is, for the meter.
	n     int
	meter *meter
	read  int64
	size  int64
}

// open reads size bytes of the source from an offset.
func (u *upload) open(ctx context.Context, offset, size int64, n int) (*reader, error) {
	r := &reader{hash: md5.New(), n: n, meter: &u.meter, size: size}
	if size == 0 {
		r.Reader, r.Closer = io.LimitReader(nil, 0), io.NopCloser(nil)
		return r, nil
	}
	content, err := u.source.Open(ctx, offset)
	if err != nil {
		return nil, &sourceError{err}
	}
	r.Reader, r.Closer = io.LimitReader(content, size), content
	return r, nil
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	_, _ = r.hash.Write(p[:n]) // a hash takes everything
	if r.read += int64(n); n > 0 {
		r.meter.set(r.n, r.read)
	}
	if errors.Is(err, io.EOF) && r.read < r.size {
		err = &api.ConflictError{Message: fmt.Sprintf("the content ends %d bytes before its size", r.size-r.read)}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = &sourceError{err}
		r.failed = err
	}
	return n, err
}

// or returns the source's error, which the S3 client hides, or else err.
func (r *reader) or(err error) error {
	if r.failed != nil {
		return r.failed
	}
	return err
}
