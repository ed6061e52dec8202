package logs

import (
	"bytes"
	"time"
)

// maxPiece bounds the memory for one line.
const maxPiece = 1 << 20

// piece is a line or, of a line longer than maxPiece, a part of it.
type piece struct {
	// when is the line's timestamp in nanoseconds since 1970.
	when int64
	// stamped is false for a line that came without a timestamp.
	stamped bool
	// text has the printed bytes, including the newline. It is valid until the next
	// call of the splitter.
	text []byte
	// first and last are set if the line begins and ends in this piece.
	first, last bool
}

// splitter splits a log stream with timestamps=true into lines. The kubelet writes one
// timestamp before each line, even if the runtime split it into records: only a newline
// ends a line.
type splitter struct {
	carry []byte // of the line that has not ended yet
	begun bool   // a piece of that line was emitted
	line  piece  // its timestamp
	stamp stampReader
}

// feed processes the next bytes of the stream.
func (s *splitter) feed(chunk []byte, emit func(piece)) {
	for len(chunk) > 0 {
		end := bytes.IndexByte(chunk, '\n') + 1
		if end > 0 && len(s.carry) == 0 {
			s.emit(chunk[:end], true, emit) // no copy
			chunk = chunk[end:]
			continue
		}
		n := len(chunk)
		if end > 0 {
			n = end
		}
		n = min(n, maxPiece-len(s.carry))
		s.carry = append(s.carry, chunk[:n]...)
		chunk = chunk[n:]
		if ended := s.carry[len(s.carry)-1] == '\n'; ended || len(s.carry) == maxPiece {
			s.emit(s.carry, ended, emit)
			s.carry = release(s.carry)
		}
	}
}

// unended returns the beginning of an incomplete line of which nothing was emitted yet.
func (s *splitter) unended() []byte {
	if s.begun {
		return nil
	}
	_, n, stamped := s.stamp.read(s.carry)
	if !stamped {
		return nil
	}
	return s.carry[n:]
}

// flush emits the rest of a line without a newline.
func (s *splitter) flush(emit func(piece)) {
	if len(s.carry) > 0 {
		s.emit(s.carry, false, emit)
	}
	s.reset()
}

// reset drops an incomplete line; the next bytes begin a line.
func (s *splitter) reset() { s.carry, s.begun = release(s.carry), false }

func (s *splitter) emit(raw []byte, ended bool, emit func(piece)) {
	p := piece{when: s.line.when, stamped: s.line.stamped, text: raw, first: !s.begun, last: ended}
	if p.first {
		var n int
		p.when, n, p.stamped = s.stamp.read(raw)
		p.text = raw[n:]
		s.line = p
	}
	s.begun = !ended
	emit(p)
}

// release empties a buffer, and frees one that a long line has enlarged, since there may
// be hundreds of streams.
func release(buf []byte) []byte {
	if cap(buf) > 64<<10 {
		return nil
	}
	return buf[:0]
}

const (
	toSecond = len("2006-01-02T15:04:05")
	minStamp = toSecond + len("Z")
	maxStamp = len("2006-01-02T15:04:05.000000000+00:00")
)

// stampReader parses the timestamps at the beginning of lines. Most differ from the
// previous one only in the fraction, so the rest is parsed once.
type stampReader struct {
	second [toSecond]byte
	zone   string
	base   int64
}

// read returns the timestamp at the beginning of b and its length with the space after
// it.
func (r *stampReader) read(b []byte) (ns int64, n int, ok bool) {
	end := bytes.IndexByte(b[:min(len(b), maxStamp+1)], ' ')
	if end < minStamp {
		return 0, 0, false
	}
	stamp := b[:end]
	rest, fraction := stamp[toSecond:], int64(0)
	if rest[0] == '.' {
		digits := 1
		for unit := int64(1e8); digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9'; digits++ {
			fraction += int64(rest[digits]-'0') * unit
			unit /= 10
		}
		rest = rest[digits:]
	}
	if string(rest) == r.zone && string(stamp[:toSecond]) == string(r.second[:]) {
		return r.base + fraction, end + 1, true
	}
	t, err := time.Parse(time.RFC3339Nano, string(stamp))
	if err != nil {
		return 0, 0, false
	}
	copy(r.second[:], stamp)
	r.zone, r.base = string(rest), t.Unix()*int64(time.Second)
	return t.UnixNano(), end + 1, true
}
