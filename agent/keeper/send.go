package keeper

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// parallel is how many files are sent at a time. Files are streamed, so this is
// not a matter of memory.
const parallel = 4

// sender copies the files of trees into the store.
type sender struct {
	store store.Backend
	// moved grows with what arrives in the store, and with what is read of a
	// large file for the first time: while it grows, there is progress.
	moved *atomic.Int64
}

// send copies the files that are due; all that are not current when it is the
// last time. It stops at the first error of the store. Problems with one file
// are passed to lacks, and do not stop the others.
func (s sender) send(ctx context.Context, t *tree, last bool, lacks func(name, reason string)) error {
	due := t.due(last)
	var (
		one   sync.Mutex
		group errgroup.Group
	)
	group.SetLimit(parallel)
	opened := newRoots()
	defer opened.close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for _, name := range due {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error {
			err := s.file(ctx, opened, t, name)
			if ours := (*api.InvalidSpecError)(nil); err == nil || changing(err) {
				return nil
			} else if errors.As(err, &ours) || isFile(err) {
				one.Lock()
				defer one.Unlock()
				lacks(name, reason(err))
				return nil
			}
			cancel(err)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return context.Cause(ctx) // others may have returned first that they were canceled by it
	}
	return nil
}

// changing reports a file that was written to while it was read, or removed. It
// is due again when it is looked at next.
func changing(err error) bool {
	var changed *api.ConflictError
	return errors.As(err, &changed) || errors.Is(err, fs.ErrNotExist)
}

// isFile reports an error of the file and not of the store.
func isFile(err error) bool {
	var at *fs.PathError
	return errors.As(err, &at)
}

// due returns the names of the files to send, sorted.
func (t *tree) due(last bool) []string {
	var due []string
	now := time.Now()
	for name, f := range t.files {
		if last && !f.current() || !last && f.due(now) {
			due = append(due, name)
		}
	}
	slices.Sort(due)
	return due
}

// file sends one file as it is now.
func (s sender) file(ctx context.Context, roots *roots, t *tree, name string) error {
	f := t.files[name]
	opened, info, err := roots.file(t.dirs[f.dir], name)
	if err != nil {
		return err
	}
	defer opened.Close()
	size, mtime := info.Size(), info.ModTime().UnixNano()
	content := &counted{SectionReader: io.NewSectionReader(opened, 0, size), reach: &f.reach, moved: s.moved}
	arrived := func(n int64) { s.moved.Add(n) }
	began := time.Now()
	key, err := s.keyFor(ctx, t, name)
	if err != nil {
		return err
	}
	made, err := s.store.Put(ctx, t.prefix+key, content, size, store.PutOptions{Sent: arrived})
	if err == nil || changing(err) {
		f.sent(began, time.Now()) // not what the store did not take: that is due when it does
	}
	if err != nil {
		return err
	}
	s.moved.Add(1)
	f.saved(size, mtime, made.SHA256)
	return nil
}

// keyFor is the key of a file below the prefix. If the key does not contain the
// file's path, the path is stored beside it before the file.
func (s sender) keyFor(ctx context.Context, t *tree, name string) (string, error) {
	key := layout.FileKey(t.prefix, name)
	if !layout.IsLongKey(key) {
		return key, nil
	}
	_, err := s.store.Put(ctx, t.prefix+layout.LongPathKey(key), strings.NewReader(name), int64(len(name)), store.PutOptions{})
	return key, err
}

// counted reports how far the reading of a large file has come. Its checksum is
// made before a byte of it is sent, which takes minutes for one of many GiB. It is
// read again to be sent, and once more when the store does not answer: of the
// reading only what is reached for the first time counts, or a store that is
// away would be waited for as long as there is something to read.
type counted struct {
	*io.SectionReader
	reach, moved *atomic.Int64
}

// large is from where on a file is sent in parts.
const large = 64 << 20

func (c *counted) ReadAt(p []byte, at int64) (int, error) {
	n, err := c.SectionReader.ReadAt(p, at)
	end := at + int64(n)
	if was := c.reach.Load(); c.Size() > large && end > was && c.reach.CompareAndSwap(was, end) {
		c.moved.Add(1)
	}
	return n, err
}

// roots are the folders of one tree, each opened once for all its files.
type roots struct {
	one    sync.Mutex
	opened map[string]folder
}

func newRoots() *roots { return &roots{opened: map[string]folder{}} }

// file opens the file that a scan has found in a folder under this name.
func (r *roots) file(dir agentspec.Dir, name string) (*os.File, fs.FileInfo, error) {
	root, err := r.root(dir.Path)
	if err != nil {
		return nil, nil, err
	}
	return root.open(strings.TrimPrefix(name, dir.As))
}

func (r *roots) root(path string) (folder, error) {
	r.one.Lock()
	defer r.one.Unlock()
	if root, ok := r.opened[path]; ok {
		return root, nil
	}
	root, err := openFolder(path)
	if err == nil {
		r.opened[path] = root
	}
	return root, err
}

func (r *roots) close() {
	for root := range maps.Values(r.opened) {
		root.Close()
	}
}
