package result

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/logs"
)

// fetchLogs fetches the containers' logs and takes off the times in front of
// the lines. What a log has in the end is only known when it was fetched, so a
// file that comes from a complete result gets the time at which that ended, and
// is known by it the next time.
func (t *tree) fetchLogs(ctx context.Context, b store.Backend) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	var fetched, skipped, size atomic.Int64
	_ = t.each(isLog, func(u *unit, name string, f file) error {
		group.Go(func() error {
			n, err := t.fetchLog(ctx, b, u, name, f)
			if n < 0 {
				skipped.Add(1)
				return err
			}
			fetched.Add(1)
			size.Add(n)
			return err
		})
		return nil
	})
	err := group.Wait()
	t.report.Files += int(fetched.Load())
	t.report.Skipped += int(skipped.Load())
	t.report.Bytes += size.Load()
	return err
}

// fetchLog returns how many bytes it has written, -1 for a log that was there.
func (t *tree) fetchLog(ctx context.Context, b store.Backend, u *unit, name string, f file) (int64, error) {
	var ended time.Time
	if u.inventory != nil {
		ended = u.inventory.Ended
	}
	there, err := t.root.Stat(name)
	if err == nil && !ended.IsZero() && there.ModTime().Equal(ended) {
		return -1, nil
	}
	ours := false
	if there != nil && there.Mode().IsRegular() && t.notes.before[u] != nil {
		sum := t.sumOf(name)
		ours = t.wrote(u, f, sum)
		if have, same := t.unchanged(u, name, f); same && ours && u.inventory == nil {
			t.note(u, f, sum, have.Size)
			return -1, nil
		}
	}
	if err := t.root.MkdirAll(path.Dir(name), newDir); err != nil {
		return 0, err
	}
	part := name + partSuffix
	out, err := t.root.Create(part)
	if err != nil {
		return 0, err
	}
	hash := sha256.New()
	n, err := plainLog(ctx, b, f, io.MultiWriter(out, hash))
	if err = errors.Join(err, out.Close()); err != nil {
		return 0, err
	}
	if there != nil && !t.force && !ours {
		grown, err := t.continues(name, part)
		if err != nil {
			return 0, err
		}
		if !grown {
			_ = t.root.Remove(part) // it can be had again
			return 0, &api.ConflictError{Message: fmt.Sprintf("%s already exists in %s with another content", name, t.report.Path),
				Remedies: toOverwrite("it")}
		}
	}
	if !ended.IsZero() {
		if err := t.root.Chtimes(part, ended, ended); err != nil {
			return 0, err
		}
	}
	if err := t.root.Rename(part, name); err != nil {
		return 0, err
	}
	t.note(u, f, hex.EncodeToString(hash.Sum(nil)), n)
	return n, nil
}

// plainLog writes a log without the times, and returns how long it is.
func plainLog(ctx context.Context, b store.Backend, f file, to io.Writer) (int64, error) {
	n := int64(0)
	w := bufio.NewWriterSize(to, 64<<10)
	err := logs.ReadKept(ctx, []logs.Kept{keptLog(b, f.key, f.size, 0)}, api.LogOptions{}, func(l api.LogLine) error {
		n += int64(len(l.Text))
		_, err := w.Write(l.Text)
		return err
	})
	return n, errors.Join(err, w.Flush())
}

func keptLog(b store.Backend, key string, size int64, rank int) logs.Kept {
	return logs.Kept{Rank: rank, Size: size, Open: func(ctx context.Context, offset int64) (io.ReadCloser, error) {
		body, _, err := b.Get(ctx, key, offset)
		return body, err
	}}
}

// continues reports that the new file begins with all that the old one has: a
// log that was fetched while it was still written.
func (t *tree) continues(old, fresh string) (bool, error) {
	a, err := t.root.Open(old)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	defer a.Close()
	b, err := t.root.Open(fresh)
	if err != nil {
		return false, err
	}
	defer b.Close()
	return begins(b, a)
}

// begins reports whether long begins with all of short.
func begins(long io.Reader, short *os.File) (bool, error) {
	x, y := make([]byte, 64<<10), make([]byte, 64<<10)
	for {
		n, err := io.ReadFull(short, x)
		if m, _ := io.ReadFull(long, y[:n]); m < n || !bytes.Equal(x[:n], y[:n]) {
			return false, nil
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
}
