package keeper

import (
	"os"
	"sync/atomic"
)

// file is what is known of one file and of its copy in the store. There may be
// very many of them.
type file struct {
	size  int64
	mtime int64 // in nanoseconds
	mode  os.FileMode
	seen  uint32 // the scan that saw it last
	dir   int    // the folder of the tree that it saw it in
	// quiet: the scan before saw the same size and time.
	quiet bool
	// had: a copy is in the store. It was made of the file when that had
	// copySize and copyTime; sum is its SHA-256.
	had      bool
	copySize int64
	copyTime int64
	sum      string
	// sent counts all bytes that were sent of it.
	sent int64
	// reach is the last byte of it that was read so far.
	reach atomic.Int64
}

// saw notes what a scan found.
func (f *file) saw(scan uint32, size, mtime int64, mode os.FileMode) {
	f.quiet = f.seen != 0 && f.size == size && f.mtime == mtime
	f.seen, f.size, f.mtime, f.mode = scan, size, mtime, mode
}

// saved notes a copy that was made of the first size bytes at that time.
func (f *file) saved(size, mtime int64, sum string) {
	f.had, f.copySize, f.copyTime, f.sum = true, size, mtime, sum
	f.sent += size
}

// current reports whether the copy is that of the file as it is.
func (f *file) current() bool { return f.had && f.copySize == f.size && f.copyTime == f.mtime }

// due reports whether the file is sent while the work goes on: when it is quiet
// or has grown by half, and not more than its size was sent before. So at most
// twice its size is sent before the end, three times in all.
func (f *file) due() bool {
	return !f.current() && (f.quiet || f.size*2 >= f.copySize*3) && f.sent <= f.size
}
