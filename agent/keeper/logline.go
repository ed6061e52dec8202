package keeper

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"time"
)

// logWriter writes a container's log, as Kubernetes gives it with times in
// front, to a file. What comes again after a break is left out: Kubernetes can
// be asked for what came since a second only.
type logWriter struct {
	out io.Writer
	// last is the latest time of a line; same counts the lines of that time.
	last time.Time
	same int
	// failed is why the file could not be written; the rest is read all the
	// same, since its end is the end of the container.
	failed error
}

// maxLogRead is what is held in memory of a line.
const maxLogRead = 32 << 10

// copy reads a stream to its end. It returns how many lines were new.
func (w *logWriter) copy(stream io.Reader) (fresh int, err error) {
	r := bufio.NewReaderSize(stream, maxLogRead)
	known := known{until: w.last, same: w.same}
	inLine, wanted := false, false // the rest of a long line comes; the line is new
	var at time.Time
	for {
		part, err := r.ReadSlice('\n')
		if !inLine && len(part) > 0 {
			var isLine bool
			at, isLine = timeOf(part)
			wanted = isLine && !known.has(at)
		}
		more := errors.Is(err, bufio.ErrBufferFull)
		whole := err == nil || errors.Is(err, io.EOF) && (inLine || len(part) > 0)
		switch {
		case !wanted:
		case whole:
			w.write(bytes.TrimSuffix(part, []byte{'\n'}))
			w.write([]byte{'\n'}) // the container's last line may have no end
			w.note(at)
			fresh++
		case more:
			w.write(part)
		case inLine:
			w.write([]byte{'\n'}) // it comes again, from its beginning
		}
		switch inLine = more; {
		case err == nil, more:
		case errors.Is(err, io.EOF):
			return fresh, nil
		default:
			return fresh, err
		}
	}
}

func (w *logWriter) write(data []byte) {
	if w.failed == nil && len(data) > 0 {
		_, w.failed = w.out.Write(data)
	}
}

func (w *logWriter) note(at time.Time) {
	switch {
	case at.Equal(w.last):
		w.same++
	case at.After(w.last):
		w.last, w.same = at, 1
	}
}

// timeOf reads the time in front of a line. A line without one is not the
// container's: Kubernetes writes errors in that form.
func timeOf(line []byte) (time.Time, bool) {
	stamp, _, _ := bytes.Cut(line, []byte{' '})
	at, err := time.Parse(time.RFC3339Nano, string(bytes.TrimSpace(stamp)))
	return at, err == nil
}

// known are the lines at the beginning of a stream that were written before:
// all up to a time, and so many of that very time. Behind them everything is
// new, even with an earlier time: a container has two streams, and their lines
// may be out of order by a little.
type known struct {
	until  time.Time
	same   int
	behind bool
}

func (k *known) has(at time.Time) bool {
	switch {
	case k.behind:
	case at.Before(k.until):
		return true
	case at.Equal(k.until) && k.same > 0:
		k.same--
		return true
	}
	k.behind = true
	return false
}
