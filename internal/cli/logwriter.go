package cli

import (
	"io"
	"strconv"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/sdk/api"
)

const (
	logBufferSize = 64 << 10
	// logIdle is how long a line may lie in the buffer. It is only waited
	// for while lines come in faster than this.
	logIdle = 10 * time.Millisecond
)

// LogWriter writes log lines: a single line at once, many of them in large
// blocks.
type LogWriter struct {
	// Prefix puts the node's number before each line, Timestamps its time.
	Prefix, Timestamps bool

	out   io.Writer
	now   func() time.Time
	after func(time.Duration, func()) // calls a function later

	mu       sync.Mutex
	buf      []byte
	waiting  bool // a flush is due
	last     time.Time
	rank     int  // of the last line
	unclosed bool // the last line had no newline
	err      error
}

// NewLogWriter returns a LogWriter that writes to out.
func NewLogWriter(out io.Writer) *LogWriter {
	return &LogWriter{
		out:   out,
		now:   time.Now,
		after: func(d time.Duration, f func()) { time.AfterFunc(d, f) },
		buf:   make([]byte, 0, logBufferSize),
	}
}

// Write is an api.LogSink.
func (w *LogWriter) Write(line api.LogLine) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.add(line)
	switch {
	case len(w.buf) >= logBufferSize:
		w.flush()
	case w.waiting:
	case w.now().Sub(w.last) >= logIdle:
		w.flush()
	default:
		w.waiting = true
		w.after(logIdle, w.flushLater)
	}
	return w.err
}

// add appends a line to the buffer. A node's output stays byte for byte what
// it was; only where the next node's begins, a missing newline is put in.
func (w *LogWriter) add(line api.LogLine) {
	continued := w.unclosed && line.Rank == w.rank
	if w.unclosed && !continued {
		w.buf = append(w.buf, '\n')
	}
	if !continued {
		if w.Prefix {
			w.buf = append(w.buf, "node-"...)
			w.buf = strconv.AppendInt(w.buf, int64(line.Rank), 10)
			w.buf = append(w.buf, " | "...)
		}
		if w.Timestamps && !line.Time.IsZero() {
			w.buf = line.Time.UTC().AppendFormat(w.buf, metav1.RFC3339Micro)
			w.buf = append(w.buf, ' ')
		}
	}
	w.buf = append(w.buf, line.Text...)
	w.rank = line.Rank
	w.unclosed = len(line.Text) > 0 && line.Text[len(line.Text)-1] != '\n'
}

func (w *LogWriter) flushLater() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting = false
	w.flush()
}

// flush keeps the first error: the output is gone, and the next line returns
// the error.
func (w *LogWriter) flush() {
	if len(w.buf) == 0 {
		return
	}
	if w.err == nil {
		_, w.err = w.out.Write(w.buf)
	}
	w.buf = w.buf[:0]
	w.last = w.now()
}

// Close writes what is left. With the prefix it ends the last line, as those
// before; without it the output stays as it was, and Close reports whether its
// last line was closed by a newline.
func (w *LogWriter) Close() (closed bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.unclosed && w.Prefix {
		w.buf, w.unclosed = append(w.buf, '\n'), false
	}
	w.flush()
	return !w.unclosed, w.err
}
