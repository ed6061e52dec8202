package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	shareBytes    = 1 << 30
	shareFarBytes = 256 << 20
	sharePairs    = 5
	shareUser     = "bench"
	sharePassword = "bench-password" // of a server that lives for minutes
	shareName     = "archive.tar.gz"
	// shareTrip is the round trip of the distant server.
	shareTrip = 50 * time.Millisecond
)

// measureShare uploads and downloads one file to and from Apache's mod_dav on this machine:
// against curl and rclone, and over a relay with a long round trip against gowebdav.
func measureShare(ctx context.Context, e *env) ([]figure, error) {
	dir, err := os.MkdirTemp("", "vast-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	s := &shareBench{env: e, dir: dir}
	stop, err := s.start(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	figures, err := s.near(ctx)
	if err != nil {
		return figures, err
	}
	for _, measure := range []func(context.Context) ([]figure, error){s.far, s.archive} {
		more, err := measure(ctx)
		if figures = append(figures, more...); err != nil {
			return figures, err
		}
	}
	return figures, nil
}

// shareBench is the place of the measurement.
type shareBench struct {
	*env
	dir                     string
	server                  *davServer
	mover, rclone, obscured string
	source, sum             string
}

func (s *shareBench) start(ctx context.Context) (stop func(), err error) {
	s.mover = filepath.Join(s.dir, "sharemover")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", s.mover, "github.com/kubevast/vast/bench/sharemover").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building sharemover: %w: %s", err, lastLine(out))
	}
	found, err := filepath.Glob(filepath.Join(s.cache, "testenv", "rclone-*", "rclone"))
	for _, program := range found {
		// An older one of testenv has no client for WebDAV.
		if out, err := exec.CommandContext(ctx, program, "obscure", sharePassword).Output(); err == nil {
			s.rclone, s.obscured = program, strings.TrimSpace(string(out))
		}
	}
	if err != nil || s.rclone == "" {
		return nil, errors.Join(errors.New("testenv has no rclone yet; run the tests of testenv/shares first"), err)
	}
	s.server, stop, err = startDAV(ctx, s.dir)
	return stop, err
}

// write makes the source, of noise.
func (s *shareBench) write(size int64) error {
	s.source = filepath.Join(s.dir, "source")
	f, err := os.Create(s.source)
	if err != nil {
		return err
	}
	hash := sha256.New()
	if _, err := io.CopyN(io.MultiWriter(f, hash), rand.NewChaCha8([32]byte{1}), size); err != nil {
		return err
	}
	s.sum = hex.EncodeToString(hash.Sum(nil))
	return f.Close()
}

// measured are the figures of one side besides the rates of its uploads: rates of
// downloads, seconds of CPU of both, and peaks of memory.
type measured struct{ down, upCPU, downCPU, peak []float64 }

// side uploads, and downloads again, by two commands. It returns bytes a second of the upload, and adds
// the other figures to m.
func (s *shareBench) side(ctx context.Context, size int64, m *measured, argv func(upload bool, file string) []string) func(int) (float64, error) {
	return func(int) (float64, error) {
		stored, out := filepath.Join(s.server.files, shareName), filepath.Join(s.dir, "out")
		defer os.Remove(stored)
		defer os.Remove(out)
		syscall.Sync() // what the disk still has to write is the run's before
		sent, err := run(ctx, io.Discard, argv(true, s.source)...)
		if err != nil {
			return 0, err
		}
		syscall.Sync()
		got, err := run(ctx, io.Discard, argv(false, out)...)
		if err != nil {
			return 0, err
		}
		for _, file := range []string{stored, out} {
			if at, err := os.Stat(file); err != nil || at.Size() != size {
				return 0, errors.Join(fmt.Errorf("%s has not stored %d bytes in %s", argv(true, "")[0], size, file), err)
			}
		}
		m.down = append(m.down, float64(size)/got.took.Seconds())
		m.upCPU = append(m.upCPU, sent.cpu.Seconds())
		m.downCPU = append(m.downCPU, got.cpu.Seconds())
		m.peak = append(m.peak, float64(max(sent.peak, got.peak)))
		return float64(size) / sent.took.Seconds(), nil
	}
}

// ours are the commands of this module's provider.
func (s *shareBench) ours(url, ca string) func(bool, string) []string {
	return func(upload bool, file string) []string {
		return []string{s.mover, map[bool]string{true: "up", false: "down"}[upload], url, ca, file, s.sum}
	}
}

func (s *shareBench) near(ctx context.Context) ([]figure, error) {
	if err := s.write(shareBytes); err != nil {
		return nil, err
	}
	url := "http://" + s.server.plain + "/dav/"
	others := []struct {
		name string
		argv func(upload bool, file string) []string
	}{
		{"curl", func(upload bool, file string) []string {
			args := []string{"curl", "--fail", "--silent", "--show-error", "--user", shareUser + ":" + sharePassword, url + shareName}
			if upload {
				return append(args, "--upload-file", file)
			}
			return append(args, "--output", file)
		}},
		{"rclone", func(upload bool, file string) []string {
			remote := ":webdav:" + shareName
			args := []string{"env", "RCLONE_CONFIG=" + filepath.Join(s.dir, "rclone.conf"), "RCLONE_WEBDAV_URL=" + url,
				"RCLONE_WEBDAV_USER=" + shareUser, "RCLONE_WEBDAV_PASS=" + s.obscured, s.rclone, "copyto"}
			if upload {
				return append(args, file, remote)
			}
			return append(args, remote, file)
		}},
	}
	var figures []figure
	for _, other := range others {
		s.progress("share: against %s", other.name)
		var ours, theirs measured
		up, err := turns(sharePairs, s.side(ctx, shareBytes, &ours, s.ours(url, "-")), s.side(ctx, shareBytes, &theirs, other.argv))
		if err != nil {
			return figures, err
		}
		u := up.figure("upload of 1 GiB to Apache's mod_dav: provider webdav / "+other.name, atLeast(1), megabytesPerSecond)
		cpu := func(ours, theirs []float64) string {
			return fmt.Sprintf("CPU time, of the program alone: %s (ours), %s (theirs).", seconds(median(ours)), seconds(median(theirs)))
		}
		u.notes = []string{cpu(ours.upCPU, theirs.upCPU), fmt.Sprintf("Peak memory of ours: %s.", mebibytes(slices.Max(ours.peak)))}
		d := pairs{ours.down, theirs.down}.figure("download of 1 GiB from it: provider webdav / "+other.name, atLeast(1), megabytesPerSecond)
		d.notes = []string{cpu(ours.downCPU, theirs.downCPU)}
		figures = append(figures, u, d)
	}
	return figures, nil
}

func (s *shareBench) far(ctx context.Context) ([]figure, error) {
	if err := s.write(shareFarBytes); err != nil {
		return nil, err
	}
	address, stop, err := startRelay(ctx, s.server.secure, shareTrip/2)
	if err != nil {
		return nil, err
	}
	defer stop()
	url := "https://" + address + "/dav/"
	library := func(upload bool, file string) []string {
		return []string{s.mover, map[bool]string{true: "lib-up", false: "lib-down"}[upload], url, s.server.ca, file}
	}
	s.progress("share: against gowebdav at %s", shareTrip)
	var ours, theirs measured
	up, err := turns(sharePairs, s.side(ctx, shareFarBytes, &ours, s.ours(url, s.server.ca)), s.side(ctx, shareFarBytes, &theirs, library))
	if err != nil {
		return nil, err
	}
	return []figure{
		up.figure("upload of 256 MiB to it over TLS at 50 ms of round trip: provider webdav / gowebdav's own client", atLeast(5), megabytesPerSecond),
		pairs{ours.down, theirs.down}.figure("download of 256 MiB from it over TLS at 50 ms of round trip: provider webdav / gowebdav's own client", bound{}, megabytesPerSecond),
	}, nil
}
