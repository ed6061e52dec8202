package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

const (
	archiveCampaign = "bench-2026-11-21-101500"
	archiveName     = archiveCampaign + ".tar.gz"
	// archiveTimes is how much faster than tar and pigz an archive has to be built.
	archiveTimes = 2.5
)

// archive builds the archive of a campaign as an upload does, with its record and all
// checksums, from a store that is a folder, against tar and pigz.
func (s *shareBench) archive(ctx context.Context) ([]figure, error) {
	pigz, err := getPigz(ctx, s.env)
	if err != nil {
		return nil, err
	}
	s.progress("share: building the archive against tar and pigz")
	root := filepath.Join(s.dir, "store")
	defer os.RemoveAll(root)
	source := filepath.Join(root, "campaigns", archiveCampaign)
	if err := makeResults(filepath.Join(source, "one")); err != nil {
		return nil, err
	}
	var ours, theirs measured
	side := func(m *measured, below, out string, argv ...string) func(int) (float64, error) {
		return func(int) (float64, error) {
			defer os.Remove(out)
			syscall.Sync() // what the disk still has to write is the run's before
			p, err := run(ctx, io.Discard, argv...)
			if err != nil {
				return 0, err
			}
			if len(m.peak) == 0 {
				if err := sameContent(below, out); err != nil {
					return 0, err
				}
			}
			m.upCPU = append(m.upCPU, p.cpu.Seconds())
			m.peak = append(m.peak, float64(p.peak))
			return archiveBytes / p.took.Seconds(), nil
		}
	}
	out := filepath.Join(s.dir, "out.tar.gz")
	made, err := turns(archivePairs, side(&ours, filepath.Dir(source), filepath.Join(root, "archives", archiveName), s.mover, "archive", root, archiveCampaign, archiveName),
		side(&theirs, source, out, "sh", "-c", `tar -C "$1" -cf - . | "$2" >"$3"`, "sh", source, pigz, out))
	if err != nil {
		return nil, err
	}
	f := made.figure("archive of 2 GiB in 1,000 files, as an upload builds it / tar | pigz", atLeast(archiveTimes), megabytesPerSecond)
	f.notes = []string{fmt.Sprintf("CPU time: %s (ours), %s (theirs).", seconds(median(ours.upCPU)), seconds(median(theirs.upCPU)))}
	return []figure{f}, nil
}
