package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

const (
	transferFiles = 1000
	transferBytes = 2 << 30
	transferPairs = 3

	transferBucket = "bench"
	transferKey    = "bench"
	transferSecret = "bench-secret-key" // of a store that lives for minutes
)

// measureTransfer uploads and downloads 2 GiB in 1,000 files, against other S3
// clients, on one store: that of testenv, on this machine, without the cluster.
func measureTransfer(ctx context.Context, e *env) ([]figure, error) {
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
	source := filepath.Join(dir, "source")
	if err := makeFiles(source); err != nil {
		return nil, err
	}
	mover, err := buildMover(ctx, dir)
	if err != nil {
		return nil, err
	}
	t := &transfer{env: e, dir: dir, source: source, endpoint: endpoint, mover: mover}
	var figures []figure
	for _, other := range otherClients {
		program, err := other.get(ctx, e)
		if err != nil {
			return figures, err
		}
		more, err := t.against(ctx, other, program)
		figures = append(figures, more...)
		if err != nil {
			return figures, err
		}
	}
	return figures, nil
}

// transfer is the place of one measurement.
type transfer struct {
	*env
	dir, source, endpoint, mover string
}

// against measures both directions, each with a store or a folder that is empty.
func (t *transfer) against(ctx context.Context, other s3Client, program string) ([]figure, error) {
	var up, down pairs
	var peak []float64
	side := func(argv func(upload bool, where string) []string, to *pairs, ours bool) func(int) (float64, error) {
		return func(int) (float64, error) {
			// What the disk still has to write is the run's before.
			syscall.Sync()
			out := filepath.Join(t.dir, "out")
			defer os.RemoveAll(out)
			defer os.RemoveAll(filepath.Join(t.dir, "store", transferBucket, "x"))
			sent, err := run(ctx, io.Discard, argv(true, t.source)...)
			if err != nil {
				return 0, err
			}
			syscall.Sync()
			got, err := run(ctx, io.Discard, argv(false, out)...)
			if err != nil {
				return 0, err
			}
			if err := sameFiles(t.source, out); err != nil {
				return 0, fmt.Errorf("%s: %w", argv(false, out)[0], err)
			}
			if ours {
				peak = append(peak, float64(max(sent.peak, got.peak)))
				to.ours = append(to.ours, transferBytes/got.took.Seconds())
			} else {
				to.theirs = append(to.theirs, transferBytes/got.took.Seconds())
			}
			return transferBytes / sent.took.Seconds(), nil
		}
	}
	ours := side(func(upload bool, where string) []string {
		return []string{t.mover, map[bool]string{true: "up", false: "down"}[upload], t.endpoint, where}
	}, &down, true)
	theirs := side(func(upload bool, where string) []string {
		return append([]string{"env"}, append(other.env(t.endpoint, t.dir), append([]string{program}, other.args(upload, where)...)...)...)
	}, &down, false)
	t.progress("transfer: against %s", other.name)
	up, err := turns(transferPairs, ours, theirs)
	if err != nil {
		return nil, err
	}
	u := up.figure("upload of 2 GiB in 1,000 files: SDK / "+other.name, atLeast(1), megabytesPerSecond)
	u.notes = []string{fmt.Sprintf("Peak memory of ours: %s.", mebibytes(slices.Max(peak)))}
	return []figure{u, down.figure("download of 2 GiB in 1,000 files: SDK / "+other.name, atLeast(1), megabytesPerSecond)}, nil
}

func makeFiles(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	source := rand.NewChaCha8([32]byte{1})
	content := make([]byte, transferBytes/transferFiles+1)
	for i := range transferFiles {
		one := content[:transferBytes/transferFiles]
		if i < transferBytes%transferFiles {
			one = content // the bytes that remain
		}
		_, _ = source.Read(one) // it never fails
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%04d", i)), one, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// sameFiles compares names and sizes: that the content is verified is tested
// elsewhere.
func sameFiles(a, b string) error {
	of := func(dir string) ([]string, error) {
		entries, err := os.ReadDir(dir)
		var all []string
		for _, f := range entries {
			info, infoErr := f.Info()
			if infoErr != nil {
				return nil, cmp.Or(err, infoErr)
			}
			all = append(all, fmt.Sprint(f.Name(), " ", info.Size()))
		}
		return all, err
	}
	want, err := of(a)
	if err != nil {
		return err
	}
	got, err := of(b)
	if err != nil {
		return err
	}
	if !slices.Equal(want, got) {
		return fmt.Errorf("%d files came, or other ones than %d", len(got), len(want))
	}
	return nil
}
