package store

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/minio/minio-go/v7"

	"github.com/kubevast/vast/sdk/api"
)

// deleteBatch is how many objects one request deletes at most; S3 takes no more.
const deleteBatch = 1000

// Delete implements Backend, 1000 objects a request. Keys that no XML can carry
// have one each.
func (s *Store) Delete(ctx context.Context, keys ...string) error {
	var left []error
	for batch := range slices.Chunk(keys, deleteBatch) {
		var there []string
		for _, key := range batch {
			ok, err := s.mayBe(ctx, key)
			if err != nil {
				return s.failed(ctx, "delete objects from", err)
			}
			if ok {
				there = append(there, key)
			}
		}
		if err := s.retry(ctx, func() error { return s.deleteBatch(ctx, there) }); err != nil {
			return s.failed(ctx, "delete objects from", err)
		}
		if err := s.isGone(ctx, there); err != nil {
			left = append(left, err) // the others can go all the same
		}
	}
	return errors.Join(left...)
}

// mayBe reports that an object of exactly this key may exist. Some servers
// clean keys, and would return another object for it: then only the list is
// reliable.
func (s *Store) mayBe(ctx context.Context, key string) (bool, error) {
	if checkKey(key) == nil {
		return true, nil
	}
	if key == "" || len(key) > maxKey || !utf8.ValidString(key) || strings.ContainsRune(key, 0) {
		return false, nil
	}
	page, err := s.pageAgain(ctx, key, after{}, false, 1)
	if minio.ToErrorResponse(err).StatusCode == http.StatusBadRequest {
		return false, nil // MinIO lists no such prefix, and has no such key
	}
	return err == nil && len(page.Contents) > 0 && page.Contents[0].Key == listed(key, page), err
}

// isGone checks whether keys that a list may have shown wrongly are gone.
// Deleting a missing object is no error to the server.
func (s *Store) isGone(ctx context.Context, keys []string) error {
	for _, key := range keys {
		begin, _, may := strings.Cut(key, replaced)
		if !may {
			continue
		}
		for o, err := range s.List(ctx, begin, ListOptions{}) {
			if err != nil {
				return err
			}
			if o.Key == key {
				return &api.UnavailableError{Message: fmt.Sprintf("object %q cannot be deleted: its name has bytes that the store at %s does not report; remove it there", key, s.Endpoint)}
			}
		}
	}
	return nil
}

func (s *Store) deleteBatch(ctx context.Context, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
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
