package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/kubevast/vast/sdk/store"
)

const (
	largeBytes  = 10 << 30
	largeMemory = 128 << 20
)

// measureLarge puts an object of 10 GiB and gets it again: from a pipe, whose length
// nobody knows, and from a file.
func measureLarge(ctx context.Context, e *env) ([]figure, error) {
	dir, err := os.MkdirTemp("", "vast-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	endpoint, stop, err := startStore(ctx, e, filepath.Join(dir, "store"))
	if err != nil {
		return nil, err
	}
	defer stop()
	path := filepath.Join(dir, "large")
	// A file of zeros takes no space.
	if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Truncate(path, largeBytes)); err != nil {
		return nil, err
	}
	var figures []figure
	for _, source := range []struct{ what, path string }{{"a pipe", "-"}, {"a file", path}} {
		p, err := run(ctx, io.Discard, e.self, "large", e.kubeconfig, "-", endpoint, source.path)
		if err != nil {
			return figures, err
		}
		e.progress("large: from %s %s at %s", source.what, mebibytes(float64(p.peak)), seconds(p.took.Seconds()))
		figures = append(figures, limit("peak memory of 10 GiB from "+source.what+" into the store and back / 128 MiB", []float64{float64(p.peak)}, largeMemory))
	}
	return figures, nil
}

// largeHelper is that: arguments are the endpoint and the file, "-" for none.
func largeHelper(ctx context.Context, more []string) error {
	s, err := store.Connect(store.Config{Endpoint: more[0], Bucket: transferBucket, AccessKey: transferKey, SecretKey: transferSecret})
	if err != nil {
		return err
	}
	defer s.Close()
	var source io.Reader = io.LimitReader(zeros{}, largeBytes)
	if more[1] != "-" {
		file, err := os.Open(more[1])
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
		err = errors.New("only " + strconv.FormatInt(n, 10) + " bytes came back")
	}
	return errors.Join(err, s.Delete(ctx, "large"))
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
