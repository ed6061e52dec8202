package logs

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// slack is by how much timestamps may go backwards from one line to the
	// next: standard output and standard error are stamped before they
	// queue up for the file.
	slack = int64(time.Second)
	// memory is the number of seconds for which the cursor counts lines. A clock may be
	// set back by that much during a read.
	memory = 120
)

// cursor is the position up to which one container's log was delivered. It finds that
// position again in a new stream.
//
// A new stream is requested from a whole second on (sinceTime has no fractions). The kubelet filters record by record and keeps their order, so
// the new stream begins with just the lines already delivered that are not
// older than that second; the cursor has counted them. The count is right
// even when timestamps repeat or are out of order. It does not hold when the
// log was rotated meanwhile: then the first line is another one, and lines that are
// not newer than the last delivered one are skipped.
type cursor struct {
	seconds []second
	// last is the timestamp of the last line, same the number of consecutive lines
	// with it.
	last int64
	same int
	// open is set if only offset bytes of that line were delivered.
	open   bool
	offset int
	lines  int // begun in all
	peak   int // the most bytes of one second

	// The state of the current stream.
	mode  mode
	first int64 // the timestamp it should begin with
	skip  int   // lines still to be passed over
	seen  int   // lines met with timestamp last
	drop  bool  // pass over the rest of the current line
	cut   int   // bytes to be passed over at the beginning of the line
	// stray is the last line without a timestamp, met the number of those with one.
	stray string
	met   int
	// kept is the beginning of a line at which earlier streams ended.
	kept []byte
	// found is set if the last delivered line was found. next is the timestamp of the
	// first line after it otherwise.
	found bool
	next  int64
}

// second counts a run of lines, in the log's order, that were stamped within
// the same second, and the bytes that they take in the node's file.
type second struct {
	unix, first int64
	lines       int
	bytes       int
}

// overhead is what a line takes in the node's file beside its text: its timestamp,
// its stream and whether it is whole.
const overhead = len("2026-03-01T12:00:00.000000001+02:00 stdout F ")

type mode int

const (
	passing  mode = iota // everything is new
	seeking              // the place is looked for
	counting             // the place is so many lines ahead
)

// since returns the sinceTime of a new stream; nil is everything.
func (c *cursor) since() *metav1.Time {
	if c.lines == 0 {
		return nil
	}
	t := metav1.Unix(c.from(), 0)
	return &t
}

func (c *cursor) from() int64 { return (c.last - slack) / int64(time.Second) }

// keep records the beginning of a line at which a stream ended. The next stream usually
// has the whole line. But when a log is rotated, the runtime may end the old file in the
// middle of a line, and begin the new one with the rest and another timestamp.
func (c *cursor) keep(unended []byte) {
	if len(unended) > 0 {
		c.kept = append(c.kept[:0], unended...)
	}
}

// follows reports whether no line can be missing between the last delivered one, with
// the timestamp then, and the first one of the stream: a file in between would have been
// created, filled and rotated meanwhile. The kubelet checks for rotation every 10 seconds,
// or 3 at least, and timestamps are exact to a second.
func (c *cursor) follows(last int64) bool {
	gap := time.Duration(c.next - last)
	return c.next != 0 && gap <= rotations-time.Duration(slack) && gap.Seconds()*float64(c.peak) < fileLimit
}

const (
	rotations = 3 * time.Second
	fileLimit = 10 << 20 // containerLogMaxSize, if not set otherwise
)

// rest returns what was kept and was in no later stream.
func (c *cursor) rest() []byte {
	if c.found {
		return nil
	}
	return c.kept
}

// rewind prepares for a new stream.
func (c *cursor) rewind() {
	c.mode, c.first, c.skip, c.seen, c.drop, c.cut, c.stray, c.met = passing, 0, 0, 0, false, 0, "", 0
	c.found, c.next = c.lines == 0, 0
	if c.lines == 0 {
		return
	}
	c.mode = seeking
	for from, i := c.from(), len(c.seconds)-1; i >= 0; i-- {
		if s := c.seconds[i]; s.unix >= from {
			c.first = s.first
			c.skip += s.lines
		}
	}
}

// astray reports whether the stream ended with text that is no log line. The rest of a
// long line is not meant: it is before the requested lines.
func (c *cursor) astray() bool { return c.stray != "" && (c.mode == passing || c.met == 0) }

// take returns the part of the piece to deliver, if any.
func (c *cursor) take(p piece) []byte {
	if p.first {
		c.drop = !c.begin(p)
	}
	if c.drop {
		return nil
	}
	n := min(c.cut, len(p.text))
	c.cut -= n
	text := p.text[n:]
	c.offset += len(text)
	if n := len(c.seconds); n > 0 {
		c.seconds[n-1].bytes += len(text)
		c.peak = max(c.peak, c.seconds[n-1].bytes)
	}
	if c.open = !p.last; p.last {
		c.offset, c.cut = 0, 0
	}
	if kept := c.rest(); len(kept) > 0 {
		text = append(kept, text...)
	}
	c.kept = nil
	return text
}

// begin decides whether the line that begins is delivered.
func (c *cursor) begin(p piece) bool {
	if !p.stamped {
		// The end of a long line that began before the stream does, or an
		// error that the kubelet writes into the log for want of another
		// place.
		c.stray = string(p.text[:min(len(p.text), 300)])
		return false
	}
	c.stray = ""
	c.met++
	if c.mode == seeking && c.skip > 0 && p.when == c.first {
		c.mode = counting
	}
	switch c.mode {
	case passing:
		return c.count(p.when)
	case counting:
		c.skip--
		return c.skip == 0 && c.arrive()
	}
	switch {
	case p.when < c.last:
		return false
	case p.when > c.last:
		c.mode, c.next = passing, p.when
		return c.count(p.when)
	}
	c.seen, c.found = c.seen+1, true
	switch {
	case c.seen < c.same:
		return false
	case c.seen == c.same:
		return c.open && c.arrive()
	}
	c.mode = passing
	return c.count(p.when)
}

// arrive is called at the last line. Its rest is delivered.
func (c *cursor) arrive() bool {
	c.mode, c.cut, c.found = passing, c.offset, true
	return c.open
}

// count records a line that is delivered from its beginning.
func (c *cursor) count(when int64) bool {
	if when != c.last || c.lines == 0 {
		c.last, c.same = when, 0
	}
	c.same++
	c.lines++
	c.offset = 0
	unix := when / int64(time.Second)
	if n := len(c.seconds); n > 0 && c.seconds[n-1].unix == unix {
		c.seconds[n-1].lines++
		c.seconds[n-1].bytes += overhead
		return true
	}
	old := 0
	for old < len(c.seconds) && c.seconds[old].unix < unix-memory {
		old++
	}
	c.seconds = append(c.seconds[:0], c.seconds[old:]...)
	c.seconds = append(c.seconds, second{unix: unix, first: when, lines: 1, bytes: overhead})
	return true
}
