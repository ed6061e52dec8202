package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
)

const (
	largeBytes  = 10 << 30 // as in mover
	largeMemory = 128 << 20
)

// measureLarge puts an object of 10 GiB and gets it again: from a pipe, whose length
// is unknown, and from a file.
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
	mover, err := buildMover(ctx, dir)
	if err != nil {
		return nil, err
	}
	var figures []figure
	for _, source := range []struct{ what, path string }{{"a pipe", "-"}, {"a file", path}} {
		p, err := run(ctx, io.Discard, mover, "large", endpoint, source.path)
		if err != nil {
			return figures, err
		}
		e.progress("large: from %s %s at %s", source.what, mebibytes(float64(p.peak)), seconds(p.took.Seconds()))
		figures = append(figures, limit("peak memory of 10 GiB from "+source.what+" into the store and back / 128 MiB", []float64{float64(p.peak)}, largeMemory))
	}
	return figures, nil
}
