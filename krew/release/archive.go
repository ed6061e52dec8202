package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const checksumsFile = "checksums.txt"

// writeArchive packs files without their folders. All of them get the time made; the first
// is a program.
func writeArchive(path string, made time.Time, files []string) (err error) {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if strings.HasSuffix(path, ".zip") {
		return writeZip(out, made, files)
	}
	return writeTar(out, made, files)
}

func writeTar(out io.Writer, made time.Time, files []string) error {
	compressed, err := gzip.NewWriterLevel(out, gzip.BestCompression)
	if err != nil {
		return err
	}
	w := tar.NewWriter(compressed)
	for i, file := range files {
		err := withFile(file, func(f *os.File, size int64) error {
			h := &tar.Header{Name: filepath.Base(file), Mode: int64(mode(i)), Size: size, ModTime: made, Format: tar.FormatUSTAR}
			if err := w.WriteHeader(h); err != nil {
				return err
			}
			_, err := io.Copy(w, f)
			return err
		})
		if err != nil {
			return err
		}
	}
	return errors.Join(w.Close(), compressed.Close())
}

func writeZip(out io.Writer, made time.Time, files []string) error {
	w := zip.NewWriter(out)
	for i, file := range files {
		err := withFile(file, func(f *os.File, _ int64) error {
			h := &zip.FileHeader{Name: filepath.Base(file), Method: zip.Deflate, Modified: made}
			h.SetMode(mode(i))
			entry, err := w.CreateHeader(h)
			if err != nil {
				return err
			}
			_, err = io.Copy(entry, f)
			return err
		})
		if err != nil {
			return err
		}
	}
	return w.Close()
}

// mode is that of the i-th file of an archive.
func mode(i int) fs.FileMode {
	if i == 0 {
		return 0o755
	}
	return 0o644
}

func withFile(path string, do func(f *os.File, size int64) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return do(f, info.Size())
}

// writeChecksums writes the SHA-256 of the release's files as sha256sum does, and returns
// them by name.
func writeChecksums(dir string) (map[string]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "kubectl-*"))
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	sums := map[string]string{}
	var lines strings.Builder
	for _, file := range files {
		hash := sha256.New()
		if err := withFile(file, func(f *os.File, _ int64) error { _, err := io.Copy(hash, f); return err }); err != nil {
			return nil, err
		}
		sum := hex.EncodeToString(hash.Sum(nil))
		sums[filepath.Base(file)] = sum
		fmt.Fprintf(&lines, "%s  %s\n", sum, filepath.Base(file))
	}
	return sums, os.WriteFile(filepath.Join(dir, checksumsFile), []byte(lines.String()), 0o644)
}
