package inputs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/pack"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// Pack is a pack that was read once, for its hash. It is not kept unless it is
// small: otherwise the files are read again.
type Pack struct {
	// Sum is the SHA-256 in hex, Size the bytes of the pack.
	Sum  string
	Size int64
	// Files and Bytes are in it.
	Files int
	Bytes int64

	entries []pack.Entry
	small   []byte // all of it, if it is not more than inMemory
}

// inMemory is the largest pack that is kept, in bytes.
const inMemory = 1 << 20

// newPack reads the files of the entries. notify may be nil.
func newPack(ctx context.Context, entries []pack.Entry, notify func(files int, bytes int64)) (*Pack, error) {
	first := &beginning{}
	stat, err := pack.Write(ctx, first, entries, pack.WriteOptions{Notify: notify})
	if err != nil {
		return nil, err
	}
	p := &Pack{Sum: stat.SHA256, Size: stat.Size, Files: stat.Files, Bytes: stat.Bytes, entries: entries}
	if !first.over {
		p.small = first.buf.Bytes()
	}
	return p, nil
}

// Key is the key of the pack in the store.
func (p *Pack) Key() string { return layout.InputKey(p.Sum) }

// open reads the pack from its beginning. If a file is another one than it was,
// the last Read is *api.ConflictError. Close has to be called. notify may be nil.
func (p *Pack) open(ctx context.Context, notify func(files int, bytes int64)) io.ReadCloser {
	if p.small != nil {
		return io.NopCloser(bytes.NewReader(p.small))
	}
	ctx, cancel := context.WithCancel(ctx)
	r, w := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		stat, err := pack.Write(ctx, w, p.entries, pack.WriteOptions{Notify: notify})
		if err == nil && stat.SHA256 != p.Sum {
			err = &api.ConflictError{Message: "the files changed between two looks at them; try again when nothing writes to them"}
		}
		_ = w.CloseWithError(err) // it never fails
	}()
	return &repacked{PipeReader: r, cancel: cancel, done: done}
}

// repacked is a pack that is being made while it is read.
type repacked struct {
	*io.PipeReader
	cancel context.CancelFunc
	done   chan struct{}
}

// Close ends the packing, and returns when no file is open any more.
func (r *repacked) Close() error {
	r.cancel()
	err := r.PipeReader.Close()
	<-r.done
	return err
}

// Upload puts the pack into the store, unless it is there. sent is false then.
func (p *Pack) Upload(ctx context.Context, b store.Backend, notify func(files int, bytes int64)) (sent bool, err error) {
	there, err := b.Stat(ctx, p.Key())
	var missing *api.NotFoundError
	switch {
	case err == nil && there.Size == p.Size:
		return false, nil
	case err != nil && !errors.As(err, &missing):
		return false, err
	}
	if p.small != nil {
		// A reader that can seek is never held in memory once more.
		_, err = b.Put(ctx, p.Key(), bytes.NewReader(p.small), p.Size, store.PutOptions{SHA256: p.Sum})
		return true, err
	}
	r := p.open(ctx, notify)
	_, err = b.Put(ctx, p.Key(), r, p.Size, store.PutOptions{SHA256: p.Sum})
	return true, errors.Join(err, r.Close()) // of a pipe: there is none
}

// sorted sorts entries by name; of those with the same name the last stays.
func sorted(entries []pack.Entry) []pack.Entry {
	slices.Reverse(entries)
	slices.SortStableFunc(entries, func(a, b pack.Entry) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(entries, func(a, b pack.Entry) bool { return a.Name == b.Name })
}

// below puts entries into a folder of a pack.
func below(dir string, entries []pack.Entry) []pack.Entry {
	out := []pack.Entry{{Name: dir, Mode: fs.ModeDir | 0o755}}
	for _, e := range entries {
		e.Name = path.Join(dir, e.Name)
		out = append(out, e)
	}
	return out
}

// beginning keeps what is written as long as it is little.
type beginning struct {
	buf  bytes.Buffer
	over bool
}

func (b *beginning) Write(p []byte) (int, error) {
	switch {
	case b.over:
	case b.buf.Len()+len(p) > inMemory:
		b.over, b.buf = true, bytes.Buffer{}
	default:
		return b.buf.Write(p)
	}
	return len(p), nil
}

func describe(p *Pack) string {
	return fmt.Sprintf("%d files, %s packed", p.Files, size(p.Size))
}
