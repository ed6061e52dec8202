// Command mover moves objects with package store, for the bench: `mover up|down
// ENDPOINT FOLDER` and `mover large ENDPOINT FILE|-`.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/kubevast/vast/internal/store"
)

const (
	largeBytes = 10 << 30
	prefix     = "x/"
)

func main() {
	if err := move(context.Background(), os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func move(ctx context.Context, what, endpoint, path string) error {
	// The bench started this store, and gave it these words.
	s, err := store.Connect(store.Config{Endpoint: endpoint, Bucket: "bench", AccessKey: "bench", SecretKey: "bench-secret-key"})
	if err != nil {
		return err
	}
	defer s.Close()
	switch what {
	case "up":
		return up(ctx, s, path)
	case "down":
		return down(ctx, s, path)
	}
	return large(ctx, s, path)
}

func up(ctx context.Context, s *store.Store, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var items []store.Upload
	for _, f := range entries {
		items = append(items, store.Upload{Key: prefix + f.Name(), Path: filepath.Join(dir, f.Name()), Size: -1})
	}
	return store.UploadAll(ctx, s, items, store.TransferOptions{})
}

func down(ctx context.Context, s *store.Store, dir string) error {
	var items []store.Download
	for o, err := range s.List(ctx, prefix, store.ListOptions{}) {
		if err != nil {
			return err
		}
		items = append(items, store.Download{Key: o.Key, Path: filepath.Join(dir, strings.TrimPrefix(o.Key, prefix)), Size: o.Size})
	}
	return store.DownloadAll(ctx, s, items, store.TransferOptions{})
}

// large puts 10 GiB and reads them again.
func large(ctx context.Context, s *store.Store, path string) error {
	source := io.LimitReader(zeros{}, largeBytes)
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		source = file
	}
	if _, err := s.Put(ctx, "large", source, -1, store.PutOptions{}); err != nil {
		return err
	}
	r, _, err := s.Get(ctx, "large", 0)
	if err != nil {
		return err
	}
	defer r.Close()
	n, err := io.Copy(io.Discard, r)
	if err == nil && n != largeBytes {
		err = fmt.Errorf("only %d bytes came back", n)
	}
	return errors.Join(err, s.Delete(ctx, "large"))
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
