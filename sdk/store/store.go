// Package store reaches the object store that `cluster setup` made or was told
// of: any S3 endpoint, one inside the cluster through the API server.
package store

import (
	"context"

	"github.com/minio/minio-go/v7"

	"github.com/kubevast/vast/sdk/kube"
)

// Store is an open connection to one bucket.
type Store struct {
	s3     *minio.Client
	Bucket string
	close  func()
}

// Open reads the namespace's Secret and connects to the store that it names.
// NotInstalled when there is no such Secret.
func Open(ctx context.Context, conn *kube.Conn) (*Store, error) { panic("not written yet") }

// Close ends the connection.
func (s *Store) Close() { s.close() }

// Probe puts an object, reads it back and deletes it.
func (s *Store) Probe(ctx context.Context) error { panic("not written yet") }

// Content says how much a store holds.
type Content struct {
	Objects int64
	Bytes   int64
	// Partial: there is more; it was not all counted.
	Partial bool
}

// Content counts at most limit objects under a prefix.
func (s *Store) Content(ctx context.Context, prefix string, limit int) (Content, error) {
	panic("not written yet")
}
