package store

import (
	"context"
	"slices"

	"github.com/minio/minio-go/v7"
)

// deleteBatch is how many objects one request deletes at most; S3 takes no more.
const deleteBatch = 1000

// Delete implements Backend, 1000 objects a request.
func (s *Store) Delete(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		if err := checkKey(key); err != nil {
			return err
		}
	}
	for batch := range slices.Chunk(keys, deleteBatch) {
		if err := s.retry(ctx, func() error { return s.deleteBatch(ctx, batch) }); err != nil {
			return s.failed(ctx, "delete objects from", err)
		}
	}
	return nil
}

func (s *Store) deleteBatch(ctx context.Context, keys []string) error {
	objects := make(chan minio.ObjectInfo, len(keys))
	for _, key := range keys {
		objects <- minio.ObjectInfo{Key: key}
	}
	close(objects)
	var first error
	for failed := range s.s3.RemoveObjects(ctx, s.Bucket, objects, minio.RemoveObjectsOptions{}) {
		if first == nil && minio.ToErrorResponse(failed.Err).Code != minio.NoSuchKey {
			first = failed.Err
		}
	}
	return first
}
