package store

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/kubevast/vast/sdk/api"
)

const (
	// singleLimit is up to where a file goes in one request.
	singleLimit = 64 << 20
	// maxParts is S3's limit for the parts of an object.
	maxParts = 10_000
	// metaSHA256 is the user metadata that holds an object's SHA-256.
	metaSHA256 = "Vast-Sha256"
)

// Put implements Backend. The server holds each request against its SHA-256 or its
// MD5, so what arrives broken is refused.
func (s *Store) Put(ctx context.Context, key string, r io.Reader, size int64, o PutOptions) (Object, error) {
	if err := errors.Join(checkKey(key), checkParts(key)); err != nil {
		return Object{}, err
	}
	var made Object
	var err error
	if file, ok := sectionOf(r); ok {
		made, err = s.putSection(ctx, key, file, size, o)
	} else {
		made, err = s.putStream(ctx, key, r, size, o)
	}
	if err != nil {
		return Object{}, s.failedAt(ctx, "put an object into", key, err)
	}
	return made, nil
}

func (s *Store) putSection(ctx context.Context, key string, file *section, size int64, o PutOptions) (Object, error) {
	switch {
	case size >= 0 && file.size != size:
		return Object{}, miscounted(key, size, file.size)
	case file.size > singleLimit:
		return s.putParts(ctx, key, file, o)
	}
	found, err := file.digest()
	if err != nil {
		return Object{}, err
	}
	return s.putSingle(ctx, key, file, found, o)
}

// putSmall stores a stream of a small known size.
func (s *Store) putSmall(ctx context.Context, key string, r io.Reader, size int64, o PutOptions) (Object, error) {
	content, err := io.ReadAll(io.LimitReader(r, size+1))
	switch {
	case err != nil:
		return Object{}, err
	case int64(len(content)) > size:
		return Object{}, tooMany(key, size)
	}
	return s.putWhole(ctx, key, content, size, o)
}

// putWhole stores all of a stream.
func (s *Store) putWhole(ctx context.Context, key string, content []byte, size int64, o PutOptions) (Object, error) {
	n := int64(len(content))
	if size >= 0 && n != size {
		return Object{}, miscounted(key, size, n)
	}
	return s.putSingle(ctx, key, newSection(bytes.NewReader(content), 0, n), digestOf(content), o)
}

// putStream holds a part of r in memory to find out whether that is all.
func (s *Store) putStream(ctx context.Context, key string, r io.Reader, size int64, o PutOptions) (Object, error) {
	if size > partSize*maxParts {
		return Object{}, api.Invalid("", "object %q has %d bytes; more than %d can be stored from a file only", key, size, int64(partSize)*maxParts)
	}
	if size >= 0 && size <= smallStream {
		return s.putSmall(ctx, key, r, size, o)
	}
	buf, err := s.buffers.take(ctx)
	if err != nil {
		return Object{}, err
	}
	n, last, err := fill(r, buf)
	if err == nil && !last {
		last, r, err = ended(r) // it may be exactly one part
	}
	if err == nil && !last {
		return s.putStreamParts(ctx, key, r, buf, size, o) // gives the buffer back
	}
	defer s.buffers.give(buf)
	if err != nil {
		return Object{}, err
	}
	return s.putWhole(ctx, key, buf[:n], size, o)
}

// putSingle stores an object whose digest is known, in one request.
func (s *Store) putSingle(ctx context.Context, key string, r *section, found digest, o PutOptions) (Object, error) {
	if o.SHA256 != "" && o.SHA256 != found.sha256 {
		return Object{}, mismatched(key, o.SHA256, found.sha256)
	}
	o.SHA256 = found.sha256
	size, first := r.size, true
	err := s.retry(ctx, func() error {
		if _, err := r.Seek(0, io.SeekStart); err != nil {
			return err
		}
		_, err := s.s3.PutObject(ctx, s.Bucket, key, r, size, found.md5, found.sha256, o.request(true))
		if o.IfAbsent && !first && minio.ToErrorResponse(err).Code == minio.PreconditionFailed {
			// An attempt before may have been stored, and only its answer lost.
			if there, statErr := s.stat(ctx, key); statErr == nil && there.Size == size && there.SHA256 == o.SHA256 {
				return nil
			}
		}
		first = false
		return err
	})
	if err == nil {
		o.arrived(size)
	}
	return Object{Key: key, Size: size, Modified: time.Now(), SHA256: o.SHA256}, err
}

// request are the headers; content is false for those that belong to the end of
// an upload in parts.
func (o PutOptions) request(content bool) minio.PutObjectOptions {
	var p minio.PutObjectOptions
	if content {
		p.ContentType, p.DisableContentSha256 = o.ContentType, o.SHA256 != "" // it is sent as a whole
		if o.SHA256 != "" {
			p.UserMetadata = map[string]string{metaSHA256: o.SHA256}
		}
	}
	if o.IfAbsent {
		p.SetMatchETagExcept("*")
	}
	return p
}
