package store

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7"
)

// abortBatch is how many uploads one request lists; S3 lists no more.
const abortBatch = 1000

// AbortUploads implements Backend. Whatever is asked for is found by one listing,
// a request for 1000 unfinished uploads.
func (s *Store) AbortUploads(ctx context.Context, prefixes ...string) error {
	if len(prefixes) == 0 {
		return nil
	}
	common := commonPrefix(prefixes)
	var keyMarker, idMarker string
	for {
		var page minio.ListMultipartUploadsResult
		err := s.retry(ctx, func() (err error) {
			page, err = s.s3.ListMultipartUploads(ctx, s.Bucket, common, keyMarker, idMarker, "", abortBatch)
			return err
		})
		if status := minio.ToErrorResponse(err).StatusCode; status == http.StatusForbidden || status == http.StatusNotImplemented {
			return nil // few credentials allow it where somebody else runs the store
		}
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
		keyMarker, idMarker = page.NextKeyMarker, page.NextUploadIDMarker
	}
}

func (s *Store) abort(ctx context.Context, key, id string) error {
	err := s.s3.AbortMultipartUpload(ctx, s.Bucket, key, id)
	if minio.ToErrorResponse(err).Code == minio.NoSuchUpload {
		return nil // it has just ended
	}
	return err
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
