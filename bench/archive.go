package main

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"github.com/klauspost/pgzip"

	"github.com/kubevast/vast/internal/pack"
)

const (
	archiveFiles = 1000
	archiveBytes = 2 << 30
	archivePairs = 3
)

// measureArchive makes an archive of 2 GiB in 1,000 files, as a download of
// results does, and holds that against tar and pigz.
func measureArchive(ctx context.Context, e *env) ([]figure, error) {
	pigz, err := getPigz(ctx, e)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "vast-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	source := filepath.Join(dir, "source")
	if err := makeResults(source); err != nil {
		return nil, err
	}
	var peak []float64
	var sizes [2]int64
	side := func(i int, argv func(out string) []string) func(int) (float64, error) {
		return func(int) (float64, error) {
			syscall.Sync() // what the disk still has to write is the run's before
			out := filepath.Join(dir, "out.tar.gz")
			defer os.Remove(out)
			p, err := run(ctx, io.Discard, argv(out)...)
			if err != nil {
				return 0, err
			}
			if i == 0 {
				peak = append(peak, float64(p.peak))
			}
			if sizes[i] == 0 { // looked at once: that takes as long as making it
				info, err := os.Stat(out)
				if err != nil {
					return 0, err
				}
				sizes[i] = info.Size()
				if err := sameContent(source, out); err != nil {
					return 0, err
				}
			}
			return archiveBytes / p.took.Seconds(), nil
		}
	}
	ours := side(0, func(out string) []string { return []string{e.self, "archive", e.kubeconfig, "-", source, out} })
	theirs := side(1, func(out string) []string {
		return []string{"sh", "-c", `tar -C "$1" -cf - . | "$2" >"$3"`, "sh", source, pigz, out}
	})
	p, err := turns(archivePairs, ours, theirs)
	if err != nil {
		return nil, err
	}
	f := p.figure("archive of 2 GiB in 1,000 files: SDK / tar | pigz", atLeast(1), megabytesPerSecond)
	f.notes = []string{fmt.Sprintf("The archives have %s (ours) and %s (theirs). Peak memory of ours: %s.",
		mebibytes(float64(sizes[0])), mebibytes(float64(sizes[1])), mebibytes(slices.Max(peak)))}
	return []figure{f}, nil
}

// archiveHelper is our side: arguments are the folder and the archive.
func archiveHelper(ctx context.Context, more []string) error {
	folder, err := pack.Scan(ctx, more[0], pack.ScanOptions{All: true})
	if err != nil {
		return err
	}
	out, err := os.Create(more[1])
	if err != nil {
		return err
	}
	a, err := pack.ArchiveWriter(out, more[1])
	if err != nil {
		return err
	}
	for _, e := range folder.Entries {
		if err := addFile(a, e); err != nil {
			return err
		}
	}
	return errors.Join(a.Close(), out.Close())
}

func addFile(a *pack.Archive, e pack.Entry) error {
	f := pack.File{Name: e.Name, Mode: e.Mode, Size: e.Size, Link: e.Link}
	if !e.Mode.IsRegular() {
		return a.Add(f, nil)
	}
	r, err := os.Open(e.File())
	if err != nil {
		return err
	}
	defer r.Close() // nothing was written
	return a.Add(f, r)
}

// makeResults writes what runs leave behind: tables, numbers as they lie in
// memory, logs, and a part that does not get smaller.
func makeResults(dir string) error {
	random := rand.New(rand.NewPCG(1, 2))
	noise := rand.NewChaCha8([32]byte{1})
	const size = archiveBytes/archiveFiles + 1
	for i := range archiveFiles {
		var b bytes.Buffer
		b.Grow(size + 200)
		position, time := random.Float64(), 0.0
		for b.Len() < size {
			position, time = position+random.NormFloat64()*0.01, time+0.05
			switch i % 4 {
			case 0:
				fmt.Fprintf(&b, "%.2f,%.6f,%.6f,%d\n", time, position, position*position, random.IntN(4))
			case 1:
				_ = binary.Write(&b, binary.LittleEndian, []float64{time, position, position * 2}) // it never fails
			case 2:
				fmt.Fprintf(&b, "[INFO] [%.6f] [node_%d]: step %d done, position %.4f\n", 1.7e9+time, random.IntN(8), b.Len()/70, position)
			default:
				var part [4096]byte
				_, _ = noise.Read(part[:]) // it never fails
				b.Write(part[:])
			}
		}
		end := size - 1
		if i < archiveBytes%archiveFiles {
			end = size // the bytes that remain
		}
		file := filepath.Join(dir, strconv.Itoa(i/20), strconv.Itoa(i%20))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, b.Bytes()[:end], 0o600); err != nil {
			return err
		}
	}
	return nil
}

// sameContent compares an archive with the folder.
func sameContent(dir, archive string) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close() // nothing was written
	z, err := pgzip.NewReader(f)
	if err != nil {
		return err
	}
	n := 0
	for entries := tar.NewReader(z); ; {
		h, err := entries.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		want, err := os.ReadFile(filepath.Join(dir, h.Name))
		if err != nil {
			return err
		}
		got, err := io.ReadAll(entries)
		if err != nil {
			return err
		}
		if !bytes.Equal(want, got) {
			return fmt.Errorf("%s in the archive is not what was put into it", h.Name)
		}
		n++
	}
	if n != archiveFiles {
		return fmt.Errorf("the archive has %d files", n)
	}
	return z.Close()
}

// getPigz finds pigz; on a Debian machine it is taken out of its package, and
// stays in the cache.
func getPigz(ctx context.Context, e *env) (string, error) {
	if found, err := exec.LookPath("pigz"); err == nil {
		return found, nil
	}
	dir := filepath.Join(e.cache, "bench", "pigz")
	program := filepath.Join(dir, "usr", "bin", "pigz")
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	e.progress("archive: fetching pigz")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "sh", "-ec", "apt-get download pigz && dpkg-deb -x pigz_*.deb . && rm pigz_*.deb")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("there is no pigz, and its package cannot be had (%w: %s); install pigz", err, lastLine(out))
	}
	if _, err := os.Stat(program); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("pigz is not where its package should have it: %w", err)
	}
	return program, nil
}
