package share

import (
	"context"
	"io"
	"os"
	"sync"
)

// prefixWriter writes to a file, and records how much of it is written without a gap
// from the beginning.
type prefixWriter struct {
	file *os.File
	mu   sync.Mutex
	done int64
	// ahead has the parts behind a gap, by their start.
	ahead map[int64]int64
	// record stores how much is written without a gap: before the first part behind a
	// gap, since the file's size is not that then, and again after recordEvery bytes.
	record   func(prefix int64) error
	recorded int64
	gaps     bool
}

// recordEvery is how many bytes of a killed download are read again at most.
const recordEvery = 64 << 20

// writeError is an error of the local disk.
type writeError struct{ error }

// Unwrap returns the disk's own error.
func (e *writeError) Unwrap() error { return e.error }

// WriteAt implements io.WriterAt. Writing at 0 starts again.
func (w *prefixWriter) WriteAt(p []byte, off int64) (int, error) {
	if err := w.before(off); err != nil {
		return 0, err
	}
	n, err := w.file.WriteAt(p, off)
	w.mu.Lock()
	defer w.mu.Unlock()
	if off == 0 && w.ahead == nil {
		w.done = 0
	}
	w.add(off, off+int64(n))
	if err != nil {
		return n, &writeError{err}
	}
	if w.gaps && w.done-w.recorded >= recordEvery {
		return n, w.note()
	}
	return n, nil
}

// before records that what will be written leaves a gap.
func (w *prefixWriter) before(off int64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if off <= w.done || w.gaps {
		return nil
	}
	w.gaps = true
	return w.note()
}

func (w *prefixWriter) note() error {
	w.recorded = w.done
	if err := w.record(w.done); err != nil {
		return &writeError{err}
	}
	return nil
}

func (w *prefixWriter) add(start, end int64) {
	if start > w.done {
		if w.ahead == nil {
			w.ahead = map[int64]int64{}
		}
		w.ahead[start] = max(w.ahead[start], end)
		return
	}
	w.done = max(w.done, end)
	for more := true; more; {
		more = false
		for start, end := range w.ahead {
			if start <= w.done {
				w.done, more = max(w.done, end), true
				delete(w.ahead, start)
			}
		}
	}
}

func (w *prefixWriter) prefix() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.done
}

// contextReader ends with its context.
type contextReader struct {
	ctx context.Context
	io.Reader
}

// Read implements io.Reader.
func (r *contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// onlyWriter hides a ReadFrom, which would use a buffer of its own.
type onlyWriter struct{ io.Writer }
