package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"

	"golang.org/x/sync/errgroup"

	"github.com/kubevast/vast/sdk/api"
)

// putStreamParts stores a stream that is larger than a part. first is a buffer
// full of what came first; further ones are taken only where they are free.
func (s *Store) putStreamParts(ctx context.Context, key string, r io.Reader, first []byte, size int64, o PutOptions) (Object, error) {
	free, held := make(chan []byte, streamBuffers), 1
	defer func() {
		for range held {
			s.buffers.give(<-free)
		}
	}()
	next := func(ctx context.Context) ([]byte, error) {
		select {
		case buf := <-free:
			return buf, nil
		default:
		}
		if held < streamBuffers {
			if buf := s.buffers.tryTake(); buf != nil {
				held++
				return buf, nil
			}
		}
		select {
		case buf := <-free:
			return buf, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if size >= 0 && size <= partSize {
		free <- first
		return Object{}, tooMany(key, size)
	}
	begun := false
	made, err := s.inParts(ctx, key, o, func(p *parts) (Object, error) {
		begun = true
		return p.stream(ctx, r, first, size, o, next, free)
	})
	if !begun {
		free <- first
	}
	return made, err
}

// stream sends a stream part by part. It gives each buffer back to free.
func (p *parts) stream(ctx context.Context, r io.Reader, buf []byte, size int64, o PutOptions,
	next func(context.Context) ([]byte, error), free chan<- []byte,
) (Object, error) {
	group, sending := errgroup.WithContext(ctx)
	whole, total := sha256.New(), int64(0)
	length, last := len(buf), false
	problem := func() error {
		for n := 1; ; n++ {
			part := buf
			_, _ = whole.Write(part[:length]) // a hash takes everything
			total += int64(length)
			if size >= 0 && total > size || n > maxParts {
				free <- part
				if n > maxParts {
					return api.Invalid("", "object %q has more than %d bytes, which can be stored from a file only", p.key, int64(partSize)*maxParts)
				}
				return tooMany(p.key, size)
			}
			content := part[:length]
			group.Go(func() error {
				defer func() { free <- part }()
				return p.send(sending, n, newSection(bytes.NewReader(content), 0, int64(len(content))), digestOf(content))
			})
			if last {
				return nil
			}
			var err error
			if buf, err = next(sending); err != nil {
				return nil // of the parts that are sent, which report more
			}
			if length, last, err = fill(r, buf); err != nil || length == 0 {
				free <- buf
				return err
			}
		}
	}()
	if err := group.Wait(); err != nil && problem == nil {
		return Object{}, err
	}
	found := sum(whole)
	switch {
	case problem != nil:
		return Object{}, problem
	case ctx.Err() != nil:
		return Object{}, ctx.Err()
	case size >= 0 && total != size:
		return Object{}, miscounted(p.key, size, total)
	case o.SHA256 != "" && o.SHA256 != found:
		return Object{}, mismatched(p.key, o.SHA256, found)
	}
	return Object{Size: total, SHA256: found}, nil
}

const (
	// partSize is how much of a stream is held in memory at a time, and the
	// size of the parts of a large object unless it would have too many.
	partSize = 16 << 20
	// streamBuffers is how many parts of streams are held at a time, of all
	// streams of a Store together: one is filled while one is sent. Go lets
	// the memory of a program grow to twice what is in use.
	streamBuffers = 2
	// smallStream is the largest size of a stream of known size that needs none
	// of these buffers.
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

// fill reads until the buffer is full or r ends; last reports the latter.
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
