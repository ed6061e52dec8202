package store

import (
	"context"
	"fmt"

	"github.com/minio/minio-go/v7"
)

// EnsureBucket makes the bucket where it is missing. A bucket that is there,
// and that the credentials may use, is left as it is.
func (s *Store) EnsureBucket(ctx context.Context) error {
	there, err := s.s3.BucketExists(ctx, s.Bucket)
	if err == nil && !there {
		err = s.s3.MakeBucket(ctx, s.Bucket, minio.MakeBucketOptions{})
		if code := minio.ToErrorResponse(err).Code; code == minio.BucketAlreadyOwnedByYou {
			return nil // another setup made it this moment
		}
	}
	if err != nil {
		return fmt.Errorf("make bucket %q: %w", s.Bucket, err)
	}
	return nil
}
