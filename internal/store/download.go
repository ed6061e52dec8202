package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/kubevast/vast/sdk/api"
)

// DownloadAll fetches objects into files, several at a time. A file appears under
// its name when its content is complete and verified; until then it is
// beside it as "<name>.<hash>.part", from whose end a later call continues. A
// file that exists with the same content is left alone. It ends with the first
// error.
func DownloadAll(ctx context.Context, b Backend, items []Download, o TransferOptions) error {
	var total int64
	for _, item := range items {
		total += max(0, item.Size)
	}
	d := &downloads{b: b, at: o.place(), overwrite: o.Overwrite, meter: newMeter(len(items), total, o.Notify)}
	defer d.meter.end()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(o.parallel())
	for _, item := range items {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error {
			if err := d.one(ctx, item); err != nil {
				return fmt.Errorf("%s: %w", item.Path, local(err))
			}
			return nil
		})
	}
	return group.Wait()
}

type downloads struct {
	b         Backend
	at        place
	overwrite bool
	meter     *meter
	folders   sync.Map // that are there, by path
}

func (d *downloads) one(ctx context.Context, item Download) error {
	item, err := d.known(ctx, item)
	if err != nil {
		return err
	}
	same, err := d.same(ctx, item)
	if err != nil {
		return err
	}
	if same {
		d.meter.skip(item.Size)
		if item.Done != nil {
			item.Done(item.SHA256, item.Size)
		}
		if item.ExactMode {
			return d.at.Chmod(item.Path, item.Mode)
		}
		return nil
	}
	if err := d.folder(filepath.Dir(item.Path)); err != nil {
		return err
	}
	got, err := d.fetch(ctx, item)
	if err != nil {
		return err
	}
	if err := d.at.Rename(partOf(item), item.Path); err != nil {
		return err
	}
	if item.Done != nil {
		item.Done(got.sha256, got.size)
	}
	d.meter.file()
	return nil
}

// known reads from the store what the item will be, but only where an existing
// file could be continued or conflicts with it.
func (d *downloads) known(ctx context.Context, item Download) (Download, error) {
	if item.Size >= 0 && item.SHA256 != "" {
		return item, nil
	}
	_, there := d.at.Lstat(item.Path)
	_, begun := d.at.Lstat(partOf(item))
	if there != nil && begun != nil {
		return item, nil
	}
	o, err := d.b.Stat(ctx, item.Key)
	if err != nil {
		return item, err
	}
	if item.Size >= 0 && item.Size != o.Size {
		return item, miscounted(item.Key, item.Size, o.Size)
	}
	item.Size = o.Size
	if item.SHA256 == "" {
		item.SHA256 = o.SHA256
	}
	return item, nil
}

// same reports whether the file is there already. One with other content is in the
// way unless it may be replaced.
func (d *downloads) same(ctx context.Context, item Download) (bool, error) {
	info, err := d.at.Lstat(item.Path)
	if errors.Is(err, fs.ErrNotExist) || isNotDir(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	replace := false
	if info.Mode().IsRegular() && (info.Size() == item.Size && item.SHA256 != "" || item.Replace != nil) {
		file, err := d.at.Open(item.Path)
		if err != nil {
			return false, err
		}
		defer file.Close()
		hash := sha256.New()
		if _, err := io.Copy(hash, withContext{ctx, file}); err != nil {
			return false, err
		}
		if sum(hash) == item.SHA256 {
			return true, nil
		}
		replace = item.Replace != nil && item.Replace(sum(hash))
	}
	if info.IsDir() {
		return false, &api.ConflictError{Message: "a folder of that name is in the way"}
	}
	if !d.overwrite && !replace {
		return false, &api.ConflictError{Message: "another file of that name exists"}
	}
	return false, nil
}

func (d *downloads) folder(dir string) error {
	if _, there := d.folders.Load(dir); there {
		return nil
	}
	if err := d.at.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	d.folders.Store(dir, true)
	return nil
}

// fetch brings an object into its .part. What is there of it is held against the
// object's SHA-256 with the rest; if it does not fit, all of it is fetched anew.
func (d *downloads) fetch(ctx context.Context, item Download) (got content, err error) {
	name := partOf(item)
	flags := os.O_RDWR | os.O_CREATE
	if item.SHA256 == "" {
		flags |= os.O_TRUNC // it is unknown whose beginning it is
	}
	if info, err := d.at.Lstat(name); err == nil && !info.Mode().IsRegular() {
		return got, &api.ConflictError{Message: name + " is in the way: it is no file"}
	}
	mode := item.Mode
	if mode == 0 {
		mode = 0o666
	}
	file, err := d.at.OpenFile(name, flags, mode)
	if err != nil {
		return got, err
	}
	got, err = d.fill(ctx, item, file)
	if errors.Is(err, errMismatch) {
		got, err = d.afresh(ctx, item, file)
	}
	if err == nil && item.ExactMode {
		err = file.Chmod(mode)
	}
	return got, errors.Join(err, file.Close())
}

// content is what a file has.
type content struct {
	sha256 string
	size   int64
}

// errMismatch is a .part that was not the beginning of the object.
var errMismatch = errors.New("the part that was there does not fit")

func (d *downloads) afresh(ctx context.Context, item Download, file *os.File) (content, error) {
	if err := file.Truncate(0); err != nil {
		return content{}, err
	}
	return d.fill(ctx, item, file)
}

func (d *downloads) fill(ctx context.Context, item Download, file *os.File) (content, error) {
	hash, offset, err := begun(ctx, item, file)
	if err != nil {
		return content{}, err
	}
	d.meter.bytes(offset)
	r, o, err := d.b.Get(ctx, item.Key, offset)
	if err != nil {
		return content{}, err
	}
	defer r.Close()
	if item.Size >= 0 && o.Size != item.Size {
		return content{}, miscounted(item.Key, item.Size, o.Size)
	}
	if item.SHA256 == "" && item.Done == nil {
		_, err := d.copy(file, r) // the reader verifies what can be
		return content{}, err
	}
	if v, ok := r.(verifier); ok && item.SHA256 != "" {
		v.leaveVerifying()
	}
	n, err := d.copy(io.MultiWriter(file, hash), r)
	if err != nil {
		return content{}, err
	}
	found := sum(hash)
	if item.SHA256 != "" && found != item.SHA256 {
		d.meter.bytes(-offset - n)
		if offset > 0 {
			return content{}, errMismatch
		}
		return content{}, errors.Join(mismatched(item.Key, item.SHA256, found), file.Truncate(0))
	}
	return content{found, offset + n}, nil
}

// copyBuffer is how much is read and written at a time: as much as a connection
// gives at once, and little enough to stay in a core's cache from the socket over
// the hash to the file.
const copyBuffer = bufferSize

var copyBuffers = sync.Pool{New: func() any { return new([copyBuffer]byte) }}

// copy copies and counts. w is only written to: an *os.File would read by itself
// otherwise, with io.Copy's smaller buffer.
func (d *downloads) copy(w io.Writer, r io.Reader) (int64, error) {
	buf := copyBuffers.Get().(*[copyBuffer]byte)
	defer copyBuffers.Put(buf)
	return io.CopyBuffer(struct{ io.Writer }{w}, &metered{r, d.meter}, buf[:])
}

// verifier is a reader that holds what it reads against a SHA-256, and can leave
// that to whoever does so anyway.
type verifier interface{ leaveVerifying() }

// begun hashes what is there of a file, and leaves it at its end.
func begun(ctx context.Context, item Download, file *os.File) (hash.Hash, int64, error) {
	h := sha256.New()
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, 0, err
	}
	offset, err := io.Copy(h, withContext{ctx, file})
	if err == nil && item.Size >= 0 && offset > item.Size {
		h.Reset()
		_, seekErr := file.Seek(0, io.SeekStart)
		return h, 0, errors.Join(file.Truncate(0), seekErr)
	}
	return h, offset, err
}

// metered counts what is read.
type metered struct {
	io.Reader
	meter *meter
}

func (m *metered) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	m.meter.bytes(int64(n))
	return n, err
}

// maxPartName is how much of a file's name the name of its part begins with, in
// bytes: a name has 255 at most.
const maxPartName = 200

// partOf is the path of a file until it is complete: the same for each call, so
// that the next one continues it. The downloaded files may include "data" and
// "data.part", so the hash is that of the key: a file of such a name is never
// there by accident.
func partOf(item Download) string {
	dir, name := filepath.Split(item.Path)
	hash := sha256.Sum256([]byte(item.Key + "\x00" + name))
	if len(name) > maxPartName {
		name = strings.ToValidUTF8(name[:maxPartName], "")
	}
	return dir + name + "." + hex.EncodeToString(hash[:8]) + ".part"
}
