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
		in := stream{u: u}
		defer in.close()
		r, err := in.part(ctx, 0, u.source.Size, 0)
		if err != nil {
			return err
		}
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

// stream reads parts of the source, one after the other. Parts that follow each other are
// read by one request to where the source is.
type stream struct {
	u       *upload
	content io.ReadCloser
	at      int64
}

// close ends the reading.
func (s *stream) close() {
	if s.content != nil {
		_ = s.content.Close() // it was only read
		s.content = nil
	}
}

// part returns a reader of size bytes from an offset on; n is its number for the meter.
// It is to be read before the next one is asked for.
func (s *stream) part(ctx context.Context, offset, size int64, n int) (*reader, error) {
	r := &reader{stream: s, hash: md5.New(), n: n, left: size}
	if size == 0 || s.content != nil && s.at == offset {
		return r, nil
	}
	s.close()
	content, err := s.u.source.Open(ctx, offset)
	if err != nil {
		return nil, &sourceError{err}
	}
	s.content, s.at = content, offset
	return r, nil
}

// reader reads a part of the source. It has no Close, which the S3 client would call.
type reader struct {
	stream     *stream
	hash       hash.Hash
	failed     error
	n          int
	read, left int64
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n, err := r.stream.content.Read(p[:min(int64(len(p)), r.left)])
	_, _ = r.hash.Write(p[:n]) // a hash takes everything
	r.stream.at += int64(n)
	r.read, r.left = r.read+int64(n), r.left-int64(n)
	if n > 0 {
		r.stream.u.meter.set(r.n, r.read)
	}
	switch {
	case r.left == 0:
		return n, io.EOF
	case errors.Is(err, io.EOF):
		err = &api.ConflictError{Message: fmt.Sprintf("the content ends %d bytes before its size", r.left)}
	}
	if err != nil {
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
