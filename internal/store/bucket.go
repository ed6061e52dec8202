package store

import (
	"context"

	"github.com/minio/minio-go/v7"
)

// EnsureBucket makes the bucket where it is missing, with the policy that the
// store's Secret has for it. A bucket that is there,
// and that the credentials may use, is left as it is.
func (s *Store) EnsureBucket(ctx context.Context) error {
	there, err := s.s3.BucketExists(ctx, s.Bucket)
	if err == nil && !there {
		err = s.s3.MakeBucket(ctx, s.Bucket, minio.MakeBucketOptions{})
		if minio.ToErrorResponse(err).Code == minio.BucketAlreadyOwnedByYou {
			return nil // somebody else made it this moment
		}
		if err == nil && s.policy != "" {
			return s.SetPolicy(ctx, s.policy)
		}
	}
	if err != nil {
		return s.failed(ctx, "make", err)
	}
	return nil
}

// SetPolicy makes a policy, as JSON, that of the bucket. It takes the right to
// change it.
func (s *Store) SetPolicy(ctx context.Context, policy string) error {
	if err := s.s3.SetBucketPolicy(ctx, s.Bucket, policy); err != nil {
		return s.failed(ctx, "set the policy of", err)
	}
	return nil
}
