// Package files reads the files that a user names: each once, at most so much
// of it, and only for as long as the caller waits.
package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/kubevast/vast/sdk/api"
)

const byteOrderMark = "\ufeff"

// Reader reads the files of one command. It remembers the pipes: what came out
// of one is gone, so that reading it again would find an empty file, or wait
// for ever. The zero value has no standard input; it is safe for concurrent use.
type Reader struct {
	// Stdin is the file of "-"; nil means that there is none.
	Stdin io.Reader

	// pause is that of the tests between two attempts to read a URL.
	pause *time.Duration

	mu    sync.Mutex
	stdin bool
	pipes []fs.FileInfo
}

// Read returns the content of the file at path, without a byte order mark; "-"
// is standard input, and http://... and https://... are fetched. Of a file of more than limit bytes it returns more than
// limit, but not much more, for the caller to refuse.
//
// When ctx ends, Read returns the context's cause as its error, also while it
// waits for a terminal or for a pipe without a writer. Later input is lost. A
// URL whose server cannot be reached, or fails, is *api.UnavailableError. All
// other errors are an *api.InvalidSpecError that names the file.
func (r *Reader) Read(ctx context.Context, path string, limit int) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	type answer struct {
		data []byte
		err  error
	}
	// Neither opening a pipe nor reading standard input can be interrupted, so
	// the one who does it is left behind.
	done := make(chan answer, 1)
	go func() {
		data, err := r.read(ctx, path, limit)
		done <- answer{data, err}
	}()
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case a := <-done:
		return a.data, a.err
	}
}

func (r *Reader) read(ctx context.Context, path string, limit int) ([]byte, error) {
	most := int64(limit) + int64(len(byteOrderMark)) + 1
	if IsURL(path) {
		data, err := r.fetch(ctx, path, most)
		return bytes.TrimPrefix(data, []byte(byteOrderMark)), err
	}
	in, err := r.open(path)
	if err != nil {
		return nil, err
	}
	if f, ok := in.(*os.File); ok && path != "-" {
		defer f.Close()
		defer context.AfterFunc(ctx, func() { f.Close() })()
	}
	data, err := io.ReadAll(io.LimitReader(in, most))
	if err != nil {
		return nil, unreadable(path, err)
	}
	return bytes.TrimPrefix(data, []byte(byteOrderMark)), nil
}

func (r *Reader) open(path string) (io.Reader, error) {
	if path == "-" {
		return r.Stdin, r.takeStdin()
	}
	// The kind is looked up first: opening a pipe for the second time would wait.
	info, err := os.Stat(path)
	if err == nil {
		err = r.take(path, info)
	}
	var invalid *api.InvalidSpecError
	if errors.As(err, &invalid) {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	return f, nil
}

func (r *Reader) takeStdin() error {
	if r.Stdin == nil {
		return wrong("-", "there is no standard input")
	}
	r.mu.Lock()
	again := r.stdin
	r.stdin = true
	r.mu.Unlock()
	if again {
		return wrong("-", "standard input can be read only once, but it is given twice")
	}
	f, ok := r.Stdin.(*os.File)
	if !ok {
		return nil
	}
	info, err := f.Stat()
	if err != nil {
		return unreadable("-", err)
	}
	return r.take("-", info)
}

// take refuses what cannot be read as a file, or not a second time.
func (r *Reader) take(path string, info fs.FileInfo) error {
	switch mode := info.Mode(); {
	case mode.IsDir():
		return wrong(path, "is a directory; name a file, or - for standard input")
	case mode&fs.ModeSocket != 0 && path != "-":
		return wrong(path, "is a socket, not a file")
	case mode&(fs.ModeNamedPipe|fs.ModeSocket) == 0:
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, before := range r.pipes {
		if os.SameFile(before, info) {
			return wrong(path, "a pipe can be read only once, but this one is given twice")
		}
	}
	r.pipes = append(r.pipes, info)
	return nil
}

func wrong(path, format string, args ...any) error {
	return &api.InvalidSpecError{Problems: []api.Problem{{File: path, Message: fmt.Sprintf(format, args...)}}}
}

func unreadable(path string, err error) error {
	var pe *fs.PathError
	switch {
	case path == "":
		return wrong("", "a file is given without a name")
	case errors.Is(err, fs.ErrNotExist) && Dangling(path) != "":
		return wrong(path, "no such file: it is %s; fix the link, or name another file", Dangling(path))
	case errors.Is(err, fs.ErrNotExist):
		return wrong(path, "no such file")
	case errors.Is(err, fs.ErrPermission):
		return wrong(path, "the file may not be read: permission denied")
	case errors.As(err, &pe):
		err = pe.Err
	}
	return wrong(path, "the file cannot be read: %v", err)
}
