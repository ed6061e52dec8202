package store

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
)

const (
	// uploadsPage is how many uploads one request lists; S3 lists no more.
	uploadsPage = 1000
	// signedFor is how long the request for them may be on its way.
	signedFor = 15 * time.Minute
	// maxAnswer bounds what is read of an answer, in bytes: keys of 1 KiB take
	// some 6 MiB.
	maxAnswer = 32 << 20
)

type uploadsQuery struct{ prefix, key, id string }

// listUploads requests a page of unfinished uploads. The request of the S3
// client
// always has a delimiter, an empty one: rclone takes that for one, finds it between
// all characters, and answers with none but the upload whose key is the prefix.
func (s *Store) listUploads(ctx context.Context, q uploadsQuery) (page minio.ListMultipartUploadsResult, err error) {
	values := url.Values{"uploads": {""}, "max-uploads": {strconv.Itoa(uploadsPage)}, "encoding-type": {"url"}}
	for name, value := range map[string]string{"prefix": q.prefix, "key-marker": q.key, "upload-id-marker": q.id} {
		if value != "" {
			values.Set(name, value)
		}
	}
	at, err := s.s3.Presign(ctx, http.MethodGet, s.Bucket, "", signedFor, values)
	if err != nil {
		return page, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return page, err
	}
	answer, err := s.transport.RoundTrip(request)
	if err != nil {
		return page, err
	}
	defer answer.Body.Close()
	body := xml.NewDecoder(io.LimitReader(answer.Body, maxAnswer))
	if answer.StatusCode != http.StatusOK {
		refusal := minio.ErrorResponse{}
		_ = body.Decode(&refusal) // the status says enough
		refusal.StatusCode = answer.StatusCode
		if refusal.Message == "" {
			refusal.Message = "the store answered " + answer.Status
		}
		return page, refusal
	}
	if err := body.Decode(&page); err != nil {
		return page, fmt.Errorf("the list of unfinished uploads: %w", err)
	}
	if page.EncodingType == "url" {
		decodeUploads(&page)
	}
	return page, nil
}

// decodeUploads undoes the encoding of a page: XML cannot hold every character
// of a key. What is not encoded, in spite of the store's header, stays as it
// is.
func decodeUploads(page *minio.ListMultipartUploadsResult) {
	decode := func(s *string) {
		if plain, err := url.QueryUnescape(*s); err == nil {
			*s = plain
		}
	}
	decode(&page.NextKeyMarker)
	for i := range page.Uploads {
		decode(&page.Uploads[i].Key)
	}
}

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
// credentials have the right at a store of others, some servers have no such
// request, and rclone returns 404 as long as there has been none.
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

// refused reports that a store has answered, and that a retry is useless.
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
