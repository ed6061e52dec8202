package archiver

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/kubevast/vast/internal/pack"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// member is one entry of an archive.
type member struct {
	name, folder string
	// key of its object; empty for a link and a folder.
	key      string
	size     int64
	sha256   string
	mode     fs.FileMode
	modified time.Time
	link     string
	dir      bool

	// ready is closed when data or err is there; nil for what is not read ahead.
	ready chan struct{}
	data  []byte
	err   error
	free  func()
}

// inFolder returns the name below the archive's folder.
func (m *member) inFolder() string { return strings.TrimPrefix(m.name, m.folder+"/") }

// members yields the entries in the order of the archive, while small files among the next
// ones are being read. An error is the last that it yields.
func members(ctx context.Context, b store.Backend, o Options) iter.Seq2[*member, error] {
	return func(yield func(*member, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		ordered := make(chan *member, ahead)
		var failed error
		go func() {
			defer close(ordered)
			failed = enumerate(ctx, b, o, ordered)
		}()
		for m := range ordered {
			if m.ready != nil {
				<-m.ready
			}
			more := yield(m, m.err)
			if m.free != nil {
				m.free()
			}
			if !more || m.err != nil {
				return
			}
		}
		if failed != nil {
			yield(nil, failed)
		}
	}
}

// enumerate sends the entries, and starts to read those that are small.
func enumerate(ctx context.Context, b store.Backend, o Options, ordered chan<- *member) error {
	memory := semaphore.NewWeighted(inMemory)
	for g, err := range groups(ctx, b, o.Prefix) {
		if err != nil {
			return err
		}
		entries, err := g.entries(ctx, b, o)
		if err != nil {
			return err
		}
		for _, m := range entries {
			if m.key != "" && m.size <= smallFile {
				// The order of acquisition is that of the archive, so whoever waits is not
				// waited for by an earlier entry.
				if err := memory.Acquire(ctx, m.size+1); err != nil {
					return err
				}
				m.ready, m.free = make(chan struct{}), func() { memory.Release(m.size + 1) }
				go m.load(ctx, b)
			}
			select {
			case ordered <- m:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return ctx.Err()
}

// load reads a small file.
func (m *member) load(ctx context.Context, b store.Backend) {
	defer close(m.ready)
	m.err = m.read(ctx, b, func(r io.Reader) (err error) {
		m.data = make([]byte, m.size)
		if _, err = io.ReadFull(r, m.data); errors.Is(err, io.EOF) && m.size == 0 {
			err = nil
		}
		return err
	})
}

// read gives use the content of an object of the size, and compares its SHA-256 with that of
// the inventory.
func (m *member) read(ctx context.Context, b store.Backend, use func(io.Reader) error) error {
	body, o, err := b.Get(ctx, m.key, 0)
	if err != nil {
		return fmt.Errorf("%s: %w", m.name, err)
	}
	defer body.Close()
	if o.Size != m.size {
		return m.changed(fmt.Sprintf("%d bytes", m.size), fmt.Sprintf("%d bytes", o.Size))
	}
	hash := sha256.New()
	if err := use(io.TeeReader(body, hash)); err != nil {
		return err
	}
	if found := hex.EncodeToString(hash.Sum(nil)); m.sha256 != "" && found != m.sha256 {
		return m.changed("SHA-256 "+m.sha256, "SHA-256 "+found)
	}
	return nil
}

func (m *member) changed(expected, found string) error {
	return &api.ConflictError{Message: fmt.Sprintf("%q has %s in the store instead of %s", m.name, found, expected)}
}

// add writes the entry to an archive, and reports the bytes of the file to count.
func (m *member) add(ctx context.Context, b store.Backend, w *pack.Archive, count func(int64)) error {
	entry := pack.File{Name: m.name, Mode: m.mode, Modified: m.modified, Link: m.link, Size: m.size}
	switch {
	case m.dir:
		entry.Mode |= fs.ModeDir
		return w.Add(entry, nil)
	case m.link != "":
		entry.Mode |= fs.ModeSymlink
		return w.Add(entry, nil)
	case m.ready != nil:
		if err := w.Add(entry, bytes.NewReader(m.data)); err != nil {
			return err
		}
		count(m.size)
		return nil
	}
	return m.read(ctx, b, func(r io.Reader) error { return w.Add(entry, &counted{r: r, count: count}) })
}

// counted reports what is read through it.
type counted struct {
	r     io.Reader
	count func(int64)
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.count(int64(n))
	return n, err
}
