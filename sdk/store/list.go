package store

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"github.com/minio/minio-go/v7"
)

// listPage is how many objects one request lists at most; S3 gives no more.
const listPage = 1000

// List implements Backend, 1000 objects a request.
func (s *Store) List(ctx context.Context, prefix string, o ListOptions) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		for token, more := "", true; more; {
			var page minio.ListBucketV2Result
			err := s.retry(ctx, func() (err error) {
				page, err = s.page(ctx, prefix, token, o)
				return err
			})
			if err != nil {
				yield(Object{}, s.failed(ctx, "list the objects of", err))
				return
			}
			for _, object := range objectsOf(page) {
				// A prefix may begin before StartAfter and hold keys behind it.
				if object.Key > o.StartAfter && !yield(object, nil) {
					return
				}
			}
			token, more = page.NextContinuationToken, page.IsTruncated
		}
	}
}

// page fetches one page. The client has no context for it, so one that nobody
// waits for any more ends by itself.
func (s *Store) page(ctx context.Context, prefix, token string, o ListOptions) (minio.ListBucketV2Result, error) {
	type answer struct {
		page minio.ListBucketV2Result
		err  error
	}
	delimiter := ""
	if o.Delimiter {
		delimiter = "/"
	}
	if err := ctx.Err(); err != nil {
		return minio.ListBucketV2Result{}, err
	}
	got := make(chan answer, 1)
	go func() {
		page, err := s.s3.ListObjectsV2(s.Bucket, prefix, o.StartAfter, token, delimiter, listPage)
		got <- answer{page, err}
	}()
	select {
	case a := <-got:
		return a.page, a.err
	case <-ctx.Done():
		return minio.ListBucketV2Result{}, ctx.Err()
	}
}

// objectsOf puts a page's objects and prefixes into one order.
func objectsOf(page minio.ListBucketV2Result) []Object {
	all := make([]Object, 0, len(page.Contents)+len(page.CommonPrefixes))
	for _, o := range page.Contents {
		all = append(all, Object{Key: o.Key, Size: o.Size, Modified: o.LastModified})
	}
	for _, p := range page.CommonPrefixes {
		all = append(all, Object{Key: p.Prefix, Prefix: true})
	}
	slices.SortFunc(all, func(a, b Object) int { return cmp.Compare(a.Key, b.Key) })
	return all
}
