package keeper

import (
	"os"
	"sync/atomic"
	"time"
)

// file is what is known of one file and of its copy in the store. There may be
// very many of them.
type file struct {
	size  int64
	mtime int64 // in nanoseconds
	mode  os.FileMode
	seen  uint32 // the scan that saw it last
	dir   int    // the folder of the tree that it saw it in
	// quiet: the scan before saw the same size and time. stale is since when,
	// in nanoseconds, it is no longer as its copy is; 0 when it is.
	quiet bool
	stale int64
	// had: a copy is in the store. It was made of the file when that had
	// copySize and copyTime; sum is its SHA-256.
	had      bool
	copySize int64
	copyTime int64
	sum      string
	// times counts how often it was sent, lastly until the moment last, in
	// nanoseconds, which took so long.
	times int32
	last  int64
	took  time.Duration
	// reach is the last byte of it that was read so far.
	reach atomic.Int64
}

const (
	// shortPause is the least pause between the first two sendings of a file.
	// It is doubled for each further one up to longPause: what a short task
	// writes is saved soon, and what is written to for days not all the time.
	shortPause = 2 * interval
	longPause  = time.Minute
	// share: of a file's time at most one part in so many goes into sending
	// it, so that very large ones leave room in the network and the store.
	share = 10
	// mostPause is the longest pause: a store that was away makes one sending
	// look long.
	mostPause = time.Hour
)

// saw notes what a scan found.
func (f *file) saw(scan uint32, now time.Time, size, mtime int64, mode os.FileMode) {
	f.quiet = f.seen != 0 && f.size == size && f.mtime == mtime
	f.seen, f.size, f.mtime, f.mode = scan, size, mtime, mode
	switch {
	case f.current():
		f.stale = 0
	case f.stale == 0:
		f.stale = now.UnixNano()
	}
}

// saved notes a copy that was made of the first size bytes at that time.
func (f *file) saved(size, mtime int64, sum string) {
	f.had, f.copySize, f.copyTime, f.sum = true, size, mtime, sum
	f.stale = 0
}

// sent notes that the file was sent, well or in vain, between two moments.
func (f *file) sent(began, ended time.Time) {
	f.times++
	f.last, f.took = ended.UnixNano(), ended.Sub(began)
}

// current reports whether the copy is that of the file as it is.
func (f *file) current() bool { return f.had && f.copySize == f.size && f.copyTime == f.mtime }

// due reports whether the file is sent while the workload runs: a new one at once,
// later what has changed after a pause. How much it has grown does not matter:
// a checkpoint is written anew with the same size. One that is being written to
// is given the same time to come to its end, since half a file may be worth less
// than the copy of before.
func (f *file) due(now time.Time) bool {
	if f.current() || f.times == 0 {
		return !f.current()
	}
	pause := min(shortPause<<min(f.times-1, 8), longPause)
	pause = min(max(pause, share*f.took), mostPause)
	over := func(since int64) bool { return now.UnixNano()-since >= int64(pause) }
	return over(f.last) && (f.quiet || over(f.stale))
}
