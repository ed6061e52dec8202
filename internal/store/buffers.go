package store

import (
	"bytes"
	"context"
	"errors"
	"io"
)

const (
	// partSize is how much of a stream is held in memory at a time, and the
	// size of the parts of a large object unless it would have too many.
	partSize = 16 << 20
	// streamBuffers is how many parts of streams are held at a time, of all
	// streams of a Store together: one is filled while one is sent. Go lets
	// the memory of a program grow to twice what is in use.
	streamBuffers = 2
	// smallStream is up to where a stream that says its size needs none of
	// these buffers.
	smallStream = 1 << 20
)

// buffers hands out a few large buffers, which are made when they are needed
// first: however many streams there are, their memory is bounded.
type buffers struct{ free chan []byte }

func newBuffers() *buffers {
	b := &buffers{free: make(chan []byte, streamBuffers)}
	for range streamBuffers {
		b.free <- nil
	}
	return b
}

// take waits for a buffer.
func (b *buffers) take(ctx context.Context) ([]byte, error) {
	select {
	case buf := <-b.free:
		return made(buf), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// tryTake returns nil when all are in use.
func (b *buffers) tryTake() []byte {
	select {
	case buf := <-b.free:
		return made(buf)
	default:
		return nil
	}
}

func (b *buffers) give(buf []byte) { b.free <- buf }

func made(buf []byte) []byte {
	if buf == nil {
		buf = make([]byte, partSize)
	}
	return buf
}

// fill reads until the buffer is full or r at its end, which is told by last.
func fill(r io.Reader, buf []byte) (n int, last bool, err error) {
	n, err = io.ReadFull(r, buf)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return n, true, nil
	}
	return n, false, err
}

// ended finds out whether there is more in r; rest has all of it.
func ended(r io.Reader) (end bool, rest io.Reader, err error) {
	next := make([]byte, 1)
	n, end, err := fill(r, next)
	return end, io.MultiReader(bytes.NewReader(next[:n]), r), err
}
