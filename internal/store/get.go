package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/kubevast/vast/sdk/api"
)

// Stat implements Backend.
func (s *Store) Stat(ctx context.Context, key string) (Object, error) {
	if err := s.refuseOther(ctx, "look at an object of", key); err != nil {
		return Object{}, err
	}
	var o Object
	err := s.retry(ctx, func() (err error) {
		o, err = s.stat(ctx, key)
		return err
	})
	return o, s.failedAt(ctx, "look at an object of", key, err)
}

// refuseOther is NotFoundError for a key by which a server might find another object.
func (s *Store) refuseOther(ctx context.Context, what, key string) error {
	ok, err := s.mayBe(ctx, key)
	if err == nil && !ok {
		return notFound(key)
	}
	return s.failedAt(ctx, what, key, err)
}

func (s *Store) stat(ctx context.Context, key string) (Object, error) {
	info, err := s.s3.StatObject(ctx, s.Bucket, key, minio.StatObjectOptions{})
	return object(key, info), err
}

func object(key string, info minio.ObjectInfo) Object {
	return Object{Key: key, Size: info.Size, Modified: info.LastModified, SHA256: strings.ToLower(info.UserMetadata[metaSHA256])}
}

// Get implements Backend.
func (s *Store) Get(ctx context.Context, key string, offset int64) (io.ReadCloser, Object, error) {
	if err := s.refuseOther(ctx, "read an object from", key); err != nil {
		return nil, Object{}, err
	}
	r := &reader{ctx: ctx, s: s, key: key, at: offset}
	err := r.open()
	if answer := minio.ToErrorResponse(err); answer.StatusCode == http.StatusRequestedRangeNotSatisfiable {
		return s.getNothing(ctx, key, offset)
	}
	if err != nil {
		return nil, Object{}, s.failedAt(ctx, "read an object from", key, err)
	}
	if offset == 0 && r.object.SHA256 != "" {
		r.hash = sha256.New()
	}
	return r, r.object, nil
}

// getNothing is a Get from the end of an object on; S3 refuses the range.
func (s *Store) getNothing(ctx context.Context, key string, offset int64) (io.ReadCloser, Object, error) {
	o, err := s.Stat(ctx, key)
	if err != nil {
		return nil, Object{}, err
	}
	if o.Size != offset {
		return nil, Object{}, beyond(key, o.Size, offset)
	}
	return io.NopCloser(strings.NewReader("")), o, nil
}

func beyond(key string, size, offset int64) error {
	return api.Invalid("", "object %q has %d bytes and cannot be read from byte %d on", key, size, offset)
}

// reader reads an object over as many requests as it takes.
type reader struct {
	ctx    context.Context // of one Get
	s      *Store
	key    string
	object Object
	etag   string
	at     int64
	body   io.ReadCloser
	hash   hash.Hash // nil: nothing to hold the content against
	// broken counts the breaks since the last byte came.
	broken int
}

// breaks is how often a reader continues without a byte in between.
const breaks = 5

// open requests the object from the reader's offset. Later requests are for the
// same object only.
func (r *reader) open() error {
	var o minio.GetObjectOptions
	if r.etag != "" {
		if err := o.SetMatchETag(r.etag); err != nil {
			return err
		}
	}
	if r.at > 0 {
		if err := o.SetRange(r.at, 0); err != nil {
			return err
		}
	}
	return r.s.retry(r.ctx, func() error {
		body, info, _, err := r.s.s3.GetObject(r.ctx, r.s.Bucket, r.key, o)
		if err != nil {
			return err
		}
		r.body = body
		if r.etag == "" {
			r.etag = info.ETag
			r.object = object(r.key, info)
			r.object.Size += r.at
		}
		return nil
	})
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	if n > 0 {
		r.at, r.broken = r.at+int64(n), 0
		if r.hash != nil {
			_, _ = r.hash.Write(p[:n]) // a hash takes everything
		}
	}
	switch {
	case err == nil:
		return n, nil
	case r.at == r.object.Size && errors.Is(err, io.EOF):
		return n, r.verify()
	case r.ctx.Err() != nil:
		return n, r.ctx.Err()
	}
	if r.broken++; r.broken > breaks {
		return n, r.s.failedAt(r.ctx, "read an object from", r.key, err)
	}
	_ = r.body.Close() // it is broken already
	if err := r.open(); err != nil {
		r.body = http.NoBody
		if minio.ToErrorResponse(err).StatusCode == http.StatusPreconditionFailed {
			return n, &api.ConflictError{Message: "object \"" + r.key + "\" was replaced while it was read", Cause: err}
		}
		return n, r.s.failedAt(r.ctx, "read an object from", r.key, err)
	}
	return n, nil
}

func (r *reader) verify() error {
	if r.hash == nil {
		return io.EOF
	}
	if found := sum(r.hash); found != r.object.SHA256 {
		return corrupt(r.key, r.object.SHA256, found)
	}
	return io.EOF
}

func (r *reader) leaveVerifying() { r.hash = nil }

func (r *reader) Close() error { return r.body.Close() }
