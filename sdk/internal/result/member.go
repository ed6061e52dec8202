package result

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"

	"github.com/kubevast/vast/internal/pack"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// member is one entry of an archive.
type member struct {
	file
	name string
	// content is what was read ahead.
	content *spool
	err     error
}

// load reads ahead what is small.
func (m *member) load(ctx context.Context, b store.Backend) *member {
	switch {
	case m.log:
		m.content = &spool{}
		m.size, m.err = plainLog(ctx, b, m.file, m.content)
	case m.key != "" && m.size <= inMemory:
		m.content = &spool{}
		m.err = m.read(ctx, b, func(r io.Reader) error {
			_, err := io.Copy(m.content, r)
			return err
		})
	}
	return m
}

// read hands an object to use, and holds what use has read against the inventory.
// An incomplete result has none: its files are what they are by now.
func (m *member) read(ctx context.Context, b store.Backend, use func(io.Reader) error) error {
	body, o, err := b.Get(ctx, m.key, 0)
	if err != nil {
		return err
	}
	defer body.Close()
	if m.sha256 == "" {
		m.size, m.modified = o.Size, o.Modified
		return use(body)
	}
	if o.Size != m.size {
		return m.isNot(fmt.Sprintf("%d bytes", m.size), fmt.Sprintf("%d", o.Size))
	}
	hash := sha256.New()
	if err := use(io.TeeReader(body, hash)); err != nil {
		return err
	}
	if found := hex.EncodeToString(hash.Sum(nil)); found != m.sha256 {
		return m.isNot("the SHA-256 "+m.sha256, found)
	}
	return nil
}

// isNot is the error about a file that differs from its inventory.
func (m *member) isNot(said, found string) error {
	return &api.ConflictError{Message: fmt.Sprintf("%s has %s by its inventory, and %s in the store: was it changed there?", m.name, said, found)}
}

func (m *member) add(ctx context.Context, b store.Backend, w *pack.Archive) error {
	if m.err != nil {
		return m.err
	}
	entry := pack.File{Name: m.name, Mode: m.mode, Modified: m.modified, Link: m.link}
	switch {
	case m.dir:
		entry.Mode |= fs.ModeDir
		return w.Add(entry, nil)
	case m.link != "":
		entry.Mode |= fs.ModeSymlink
		return w.Add(entry, nil)
	case m.content != nil:
		entry.Size = m.content.size
		r, err := m.content.reader()
		if err != nil {
			return err
		}
		return w.Add(entry, r)
	}
	return m.read(ctx, b, func(r io.Reader) error {
		entry.Size = m.size
		return w.Add(entry, r)
	})
}

func (m *member) close() {
	if m.content != nil {
		m.content.close()
	}
}
