package pack

import (
	"context"
	"errors"
	"io"
	"iter"
	"sync"
)

const (
	// smallFile is the size, in bytes, up to which a file is read ahead.
	smallFile = 256 << 10
	// readers read ahead at the same time, and are at most window files
	// ahead: 16 MiB.
	readers = 8
	window  = 64
	// attempts to read a file that changes meanwhile.
	attempts = 3
)

// ahead is an entry whose content is on its way.
type ahead struct {
	entry Entry
	// ready is closed when data or err is there; nil for what is not read
	// ahead.
	ready chan struct{}
	data  []byte
	err   error
	pool  *sync.Pool
	buf   *[]byte
}

// free gives the buffer back.
func (a *ahead) free() { a.pool.Put(a.buf) }

// readAhead yields the entries in their order, while the small files among the
// next ones are being read. It ends early when ctx does.
func readAhead(ctx context.Context, entries []Entry) iter.Seq[*ahead] {
	return func(yield func(*ahead) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var wg sync.WaitGroup
		defer wg.Wait()
		defer cancel()
		ordered, work := make(chan *ahead, window), make(chan *ahead, window)
		pool := &sync.Pool{New: func() any { b := make([]byte, smallFile+1); return &b }}
		wg.Go(func() {
			defer close(ordered)
			defer close(work)
			for _, e := range entries {
				a := &ahead{entry: e, pool: pool}
				if e.Mode.IsRegular() && e.Size <= smallFile {
					a.ready = make(chan struct{})
				}
				select {
				case ordered <- a:
				case <-ctx.Done():
					return
				}
				if a.ready != nil {
					work <- a // never full before ordered is
				}
			}
		})
		for range readers {
			wg.Go(func() {
				var files opener
				defer files.close()
				for a := range work {
					a.read(&files)
				}
			})
		}
		for a := range ordered {
			if !yield(a) {
				return
			}
		}
	}
}

// read reads a small file whole, again when it changed meanwhile.
func (a *ahead) read(files *opener) {
	defer close(a.ready)
	a.buf = a.pool.Get().(*[]byte)
	for range attempts {
		var whole bool
		if a.data, whole, a.err = readWhole(files, a.entry, *a.buf); a.err != nil || whole {
			return
		}
	}
	a.err = changed(a.entry)
}

// readWhole reads a file into buf. It is not whole when it was written to
// meanwhile, or has grown too large for buf.
func readWhole(files *opener, e Entry, buf []byte) (data []byte, whole bool, err error) {
	f, before, err := files.open(e)
	if err != nil {
		return nil, false, err
	}
	defer f.Close() // nothing was written
	n, err := io.ReadFull(f, buf)
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, false, err // nil: the buffer is full
	}
	after, err := f.Stat()
	if err != nil {
		return nil, false, err
	}
	return buf[:n], n == int(after.Size()) && same(before, after), nil
}
