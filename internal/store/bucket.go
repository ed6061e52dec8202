package store

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/minio/minio-go/v7"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// EnsureBucket makes the bucket where it is missing, with the policy that the
// store's Secret has for it. A bucket that is there,
// and that the credentials may use, is left as it is. A store that cannot be reached is
// waited for only WithPatience: without it the caller repeats the call.
func (s *Store) EnsureBucket(ctx context.Context) error {
	if err := s.patiently(ctx, func() error { return s.ensureBucket(ctx) }); err != nil {
		return s.failed(ctx, "make", err)
	}
	return nil
}

// patiently is retry for a store that was opened WithPatience.
func (s *Store) patiently(ctx context.Context, f func() error) error {
	if s.patience == 0 {
		return f()
	}
	return s.retry(ctx, f)
}

func (s *Store) ensureBucket(ctx context.Context) error {
	there, err := s.s3.BucketExists(ctx, s.Bucket)
	if err != nil || there {
		return err
	}
	err = s.s3.MakeBucket(ctx, s.Bucket, minio.MakeBucketOptions{})
	if minio.ToErrorResponse(err).Code == minio.BucketAlreadyOwnedByYou {
		return nil // it was made concurrently
	}
	if err == nil && s.policy != "" {
		return s.SetPolicy(ctx, s.policy)
	}
	return err
}

// SetPolicy makes a policy, as JSON, that of the bucket. It takes the right to
// change it.
func (s *Store) SetPolicy(ctx context.Context, policy string) error {
	if err := s.patiently(ctx, func() error { return s.s3.SetBucketPolicy(ctx, s.Bucket, policy) }); err != nil {
		return s.failed(ctx, "set the policy of", err)
	}
	return nil
}

// Probes is where probes put their objects.
const Probes = "probes/"

// Probe puts a small object, reads it back and deletes it. Probes do not get
// into each other's way.
func (s *Store) Probe(ctx context.Context) error {
	key := Probes + kube.NewID()
	content := []byte("kubevast probe " + key)
	_, err := s.s3.Client.PutObject(ctx, s.Bucket, key, bytes.NewReader(content), int64(len(content)), minio.PutObjectOptions{})
	if err != nil {
		return s.failed(ctx, "put an object into", err)
	}
	read, readErr := s.read(ctx, key)
	if err := s.s3.RemoveObject(ctx, s.Bucket, key, minio.RemoveObjectOptions{}); err != nil {
		return s.failed(ctx, "delete an object from", err)
	}
	if readErr != nil {
		return s.failed(ctx, "read an object from", readErr)
	}
	if !bytes.Equal(read, content) {
		return &api.UnavailableError{Message: fmt.Sprintf("the store at %s gives back something else than was put into it", s.Endpoint)}
	}
	return nil
}

func (s *Store) read(ctx context.Context, key string) ([]byte, error) {
	o, err := s.s3.Client.GetObject(ctx, s.Bucket, key, minio.GetObjectOptions{})
	if err != nil {
		return nil, err
	}
	defer o.Close()
	return io.ReadAll(o)
}

// Content is how much a store contains.
type Content struct {
	Objects int64
	Bytes   int64
	// Partial: there is more; it was not all counted.
	Partial bool
}

// Content counts at most limit objects under a prefix, 1000 a request.
func (s *Store) Content(ctx context.Context, prefix string, limit int) (Content, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the listing when the limit is reached
	var c Content
	for o := range s.s3.Client.ListObjects(ctx, s.Bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
		if o.Err != nil {
			return c, s.failed(ctx, "list the objects of", o.Err)
		}
		if c.Objects == int64(limit) {
			c.Partial = true
			return c, nil
		}
		c.Objects++
		c.Bytes += o.Size
	}
	return c, nil
}
