package store

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
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

// listUploads asks for a page of unfinished uploads. The request of the S3 client
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

// decodeUploads undoes the encoding of a page: XML cannot hold every character of a
// key. What is not encoded, whatever the store says, stays as it is.
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
