package pack

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"

	"github.com/klauspost/compress/zstd"

	"github.com/kubevast/vast/sdk/api"
)

// Stat is what Write made.
type Stat struct {
	// SHA256 of the pack, in hex, and its Size in bytes.
	SHA256 string
	Size   int64
	// Files and Bytes went in.
	Files int
	Bytes int64
}

// WriteOptions set how a pack is written. The zero value is fine.
type WriteOptions struct {
	// Notify is called with how many files and bytes went in so far. It is called
	// by one goroutine, for each file and for each part of a large one.
	Notify func(files int, bytes int64)
}

// The same everywhere: each computer has to make the same bytes.
var encoderOptions = []zstd.EOption{
	zstd.WithEncoderLevel(zstd.SpeedDefault),
	zstd.WithEncoderConcurrency(2),
	zstd.WithWindowSize(4 << 20),
}

// Write writes a pack of entries, which are sorted by name, to w. Small files
// are read ahead by several goroutines, large ones go through a buffer, so
// that the memory in use does not depend on what is packed. A file that
// changes while it is read, or by now is another thing, is *api.ConflictError. No
// link is followed. Write ends when ctx does.
func Write(ctx context.Context, w io.Writer, entries []Entry, o WriteOptions) (Stat, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out := &counter{w: w, hash: sha256.New()}
	z, err := zstd.NewWriter(out, encoderOptions...)
	if err != nil {
		return Stat{}, err
	}
	p := &packer{ctx: ctx, tar: tar.NewWriter(z), notify: o.Notify}
	defer p.files.close()
	for next := range readAhead(ctx, entries) {
		if err = p.add(next); err != nil {
			break
		}
	}
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = p.tar.Close()
	}
	if closing := z.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return Stat{}, err
	}
	p.stat.SHA256, p.stat.Size = hex.EncodeToString(out.hash.Sum(nil)), out.n
	return p.stat, nil
}

// packer writes the tar.
type packer struct {
	ctx    context.Context
	tar    *tar.Writer
	stat   Stat
	notify func(int, int64)
	files  opener
	buf    []byte
}

func (p *packer) add(a *ahead) error {
	e := a.entry
	h := &tar.Header{Name: e.Name, Mode: int64(e.Mode.Perm())}
	switch e.Mode.Type() {
	case fs.ModeDir:
		h.Typeflag, h.Name = tar.TypeDir, e.Name+"/"
		return p.tar.WriteHeader(h)
	case fs.ModeSymlink:
		h.Typeflag, h.Linkname = tar.TypeSymlink, e.Link
		return p.tar.WriteHeader(h)
	case 0:
	default:
		return fmt.Errorf("%s is %s and cannot be packed", e.Name, kindOf(e.Mode))
	}
	h.Typeflag = tar.TypeReg
	if a.ready == nil {
		return p.stream(e, h)
	}
	<-a.ready
	if a.err != nil {
		return a.err
	}
	h.Size = int64(len(a.data))
	if err := p.tar.WriteHeader(h); err != nil {
		return err
	}
	if _, err := p.tar.Write(a.data); err != nil {
		return err
	}
	a.free()
	p.stat.Bytes += h.Size
	p.done()
	return nil
}

// stream packs a large file.
func (p *packer) stream(e Entry, h *tar.Header) error {
	f, before, err := p.files.open(e)
	if err != nil {
		return err
	}
	defer f.Close() // nothing was written
	h.Size = before.Size()
	if err := p.tar.WriteHeader(h); err != nil {
		return err
	}
	if p.buf == nil {
		p.buf = make([]byte, 1<<20)
	}
	for left := h.Size; left > 0; {
		if err := p.ctx.Err(); err != nil {
			return err
		}
		n, err := io.ReadFull(f, p.buf[:min(left, int64(len(p.buf)))])
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return changed(e)
		} else if err != nil {
			return err
		}
		if _, err := p.tar.Write(p.buf[:n]); err != nil {
			return err
		}
		left -= int64(n)
		p.stat.Bytes += int64(n)
		if left > 0 && p.notify != nil {
			p.notify(p.stat.Files, p.stat.Bytes)
		}
	}
	after, err := f.Stat()
	if err != nil {
		return err
	}
	if !same(before, after) {
		return changed(e)
	}
	p.done()
	return nil
}

func (p *packer) done() {
	p.stat.Files++
	if p.notify != nil {
		p.notify(p.stat.Files, p.stat.Bytes)
	}
}

// same reports whether a file was left alone between two looks at it.
func same(before, after fs.FileInfo) bool {
	return before.Size() == after.Size() && before.ModTime().Equal(after.ModTime())
}

func changed(e Entry) error {
	return &api.ConflictError{Message: fmt.Sprintf("%s changed while it was read; try again when nothing writes to it, or name it in a .skyignore", shown(e.File()))}
}

// counter counts and hashes what goes through it.
type counter struct {
	w    io.Writer
	n    int64
	hash interface {
		io.Writer
		Sum([]byte) []byte
	}
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	_, _ = c.hash.Write(p[:n]) // a hash never fails
	return n, err
}
