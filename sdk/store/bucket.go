package store

import (
	"context"

	"github.com/minio/minio-go/v7"
)

// EnsureBucket makes the bucket where it is missing. A bucket that is there,
// and that the credentials may use, is left as it is.
func (s *Store) EnsureBucket(ctx context.Context) error {
	there, err := s.s3.BucketExists(ctx, s.Bucket)
	if err == nil && !there {
		err = s.s3.MakeBucket(ctx, s.Bucket, minio.MakeBucketOptions{})
		if minio.ToErrorResponse(err).Code == minio.BucketAlreadyOwnedByYou {
			return nil // another setup made it this moment
		}
	}
	if err != nil {
		return s.failed(ctx, "make", err)
	}
	return nil
}
