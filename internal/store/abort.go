package store

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7"
)

// AbortUploads implements Backend, by one request in most cases. The uploads of the
// whole bucket are asked for first: MinIO takes a prefix for a whole key. Only where
// they are too many for one answer, which MinIO never finds, they are asked for by
// the prefix.
func (s *Store) AbortUploads(ctx context.Context, prefixes ...string) error {
	if len(prefixes) == 0 {
		return nil
	}
	common := commonPrefix(prefixes)
	page, err := s.uploads(ctx, uploadsQuery{})
	if err == nil && page.IsTruncated {
		page, err = s.uploads(ctx, uploadsQuery{prefix: common})
	}
	for {
		if err != nil {
			return s.failed(ctx, "list unfinished uploads to", err)
		}
		for _, u := range page.Uploads {
			if !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(u.Key, p) }) {
				continue
			}
			if err := s.retry(ctx, func() error { return s.abort(ctx, u.Key, u.UploadID) }); err != nil {
				return s.failedAt(ctx, "give up an upload to", u.Key, err)
			}
		}
		if !page.IsTruncated {
			return nil
		}
		page, err = s.uploads(ctx, uploadsQuery{common, page.NextKeyMarker, page.NextUploadIDMarker})
	}
}

// uploads fetches one page. A store that refuses to list them shows none: few
// credentials may where somebody else runs the store, some servers have no such
// request, and rclone says 404 as long as there has been none.
func (s *Store) uploads(ctx context.Context, q uploadsQuery) (page minio.ListMultipartUploadsResult, err error) {
	err = s.retry(ctx, func() error {
		page, err = s.listUploads(ctx, q)
		return err
	})
	if refused(err) {
		return minio.ListMultipartUploadsResult{}, nil
	}
	return page, err
}

func (s *Store) abort(ctx context.Context, key, id string) error {
	err := s.s3.AbortMultipartUpload(ctx, s.Bucket, key, id)
	if refused(err) {
		return nil // it has just ended, or it is not ours to end
	}
	return err
}

// refused tells that a store has answered, and that it will not answer otherwise.
func refused(err error) bool {
	status := minio.ToErrorResponse(err).StatusCode
	return status >= http.StatusMultipleChoices && status < http.StatusInternalServerError && !passes(err) || status == http.StatusNotImplemented
}

// commonPrefix is what all of some prefixes begin with.
func commonPrefix(prefixes []string) string {
	first, last := slices.Min(prefixes), slices.Max(prefixes)
	n := 0
	for n < min(len(first), len(last)) && first[n] == last[n] {
		n++
	}
	return first[:n]
}
