package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/kubevast/vast/sdk/share"
)

const (
	pieceSize   = 8 << 20
	connections = 4
	// pieced is how many bytes are read by several connections. One is limited by its
	// window over a long way, and by one core of the server over a short one.
	pieced = 2 * connections * pieceSize
)

// hasPieces reports whether the answer is of a server that sends parts of a file, and of a
// file that is recognized when it changes meanwhile.
func (f *fetch) hasPieces(resp *http.Response, rest int64) bool {
	return rest >= pieced && !f.client.inOne.Load() && StrongETag(resp.Header.Get("ETag")) != "" &&
		(resp.StatusCode == http.StatusPartialContent || resp.Header.Get("Accept-Ranges") == "bytes")
}

// pieces writes what follows start by several requests. The first piece is from the
// answer, whose connection is given up then. What is written may have gaps of at most
// connections pieces after an error.
func (f *fetch) pieces(ctx context.Context, resp *http.Response, start, size int64) error {
	tag := StrongETag(resp.Header.Get("ETag"))
	count := (size - start + pieceSize - 1) / pieceSize
	var (
		next atomic.Int64
		mu   sync.Mutex
		done = start
	)
	arrived := func(n int64) {
		mu.Lock()
		defer mu.Unlock()
		if done += n; f.o.Progress != nil {
			f.o.Progress(done, size)
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	for range connections {
		group.Go(func() error {
			for i := next.Add(1) - 1; i < count; i = next.Add(1) - 1 {
				from := start + i*pieceSize
				to := min(from+pieceSize, size)
				if i == 0 {
					err := f.copy(resp.Body, from, to, arrived)
					_ = resp.Body.Close() // the rest of it is not wanted
					if err != nil {
						return err
					}
					continue
				}
				if err := f.piece(ctx, tag, from, to, size, arrived); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// piece writes the bytes from..to of the file with the ETag.
func (f *fetch) piece(ctx context.Context, tag string, from, to, size int64, arrived func(int64)) error {
	resp, err := f.send(ctx, http.MethodGet, func(h http.Header) {
		h.Set("Range", fmt.Sprintf("bytes=%d-%d", from, to-1))
		h.Set("If-Range", tag)
	})
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusPartialContent && resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusRequestedRangeNotSatisfiable {
		return f.failure(resp)
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	begins, total, ok := parseContentRange(resp.Header.Get("Content-Range"))
	if resp.StatusCode != http.StatusPartialContent || !ok || begins != from || total != size || resp.ContentLength >= 0 && resp.ContentLength != to-from {
		f.client.inOne.Store(true)
		return &share.TemporaryError{Message: fmt.Sprintf("the server does not send parts of %q, or it has changed; it is read in one", f.name)}
	}
	return f.copy(resp.Body, from, to, arrived)
}

// copy writes the bytes from..to, which body begins with.
func (f *fetch) copy(body io.Reader, from, to int64, arrived func(int64)) error {
	buffer := make([]byte, fetchBuffer)
	body = io.LimitReader(body, to-from)
	for at := from; at < to; {
		n, err := body.Read(buffer)
		if n > 0 {
			if _, err := f.w.WriteAt(buffer[:n], at); err != nil {
				return fmt.Errorf("cannot write what is downloaded: %w", err)
			}
			at += int64(n)
			arrived(int64(n))
		}
		switch {
		case at == to:
		case errors.Is(err, io.EOF):
			return &share.TemporaryError{Message: fmt.Sprintf("the download of %q ended after %d bytes of a part of %d", f.name, at-from, to-from)}
		case err != nil:
			return err
		}
	}
	return nil
}
