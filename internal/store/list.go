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

// List implements Backend, 1000 objects a request. Keys that the server cannot
// list exactly cost more, see names.
func (s *Store) List(ctx context.Context, prefix string, o ListOptions) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		real := newNames(s, prefix, o)
		from := after{start: o.StartAfter}
		for more := true; more; {
			page, err := s.pageAgain(ctx, prefix, from, o.Delimiter, listPage)
			var objects []Object
			if err == nil {
				objects, err = real.objectsOf(ctx, page)
			}
			if err != nil {
				yield(Object{}, s.failed(ctx, "list the objects of", err))
				return
			}
			for _, object := range objects {
				// A prefix may begin before StartAfter and hold keys behind it.
				if object.Key > o.StartAfter && !yield(object, nil) {
					return
				}
			}
			from, more = real.next(page, objects, from), page.IsTruncated
		}
	}
}

// after is where a page begins.
type after struct{ start, token string }

// page fetches one page of at most so many keys, of one level or of all. The
// client has no context for it, so an abandoned request ends by itself.
func (s *Store) page(ctx context.Context, prefix string, from after, level bool, most int) (minio.ListBucketV2Result, error) {
	type answer struct {
		page minio.ListBucketV2Result
		err  error
	}
	delimiter := ""
	if level {
		delimiter = "/"
	}
	if err := ctx.Err(); err != nil {
		return minio.ListBucketV2Result{}, err
	}
	got := make(chan answer, 1)
	go func() {
		page, err := s.s3.ListObjectsV2(s.Bucket, prefix, from.start, from.token, delimiter, most)
		got <- answer{page, err}
	}()
	select {
	case a := <-got:
		return a.page, a.err
	case <-ctx.Done():
		return minio.ListBucketV2Result{}, ctx.Err()
	}
}

// pageAgain fetches a page, and tries for as long as the store may be away.
func (s *Store) pageAgain(ctx context.Context, prefix string, from after, level bool, most int) (page minio.ListBucketV2Result, err error) {
	err = s.retry(ctx, func() error {
		page, err = s.page(ctx, prefix, from, level, most)
		return err
	})
	return page, err
}

// merge puts a page's objects and prefixes into one order.
func merge(objects, prefixes []Object) []Object {
	all := slices.Concat(objects, prefixes)
	slices.SortStableFunc(all, func(a, b Object) int { return cmp.Compare(a.Key, b.Key) })
	return all
}
