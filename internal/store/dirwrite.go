package store

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// attempts are made to give a new file its name.
const attempts = 10

func isNotDir(err error) bool { return errors.Is(err, syscall.ENOTDIR) }

// Put implements Backend.
func (d *Dir) Put(ctx context.Context, key string, r io.Reader, size int64, o PutOptions) (Object, error) {
	if err := errors.Join(checkDirKey(key), checkParts(key), ctx.Err()); err != nil {
		return Object{}, err
	}
	fresh := ownDir + "/new/" + kube.NewID()
	file, err := d.root.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return Object{}, d.failed(key, err)
	}
	defer d.root.Remove(fresh) //nolint:errcheck // it has another name by then
	made, err := fillFile(ctx, file, key, r, size, o)
	if err = errors.Join(err, file.Close()); err != nil {
		return Object{}, err
	}
	note, err := json.Marshal(noted{Size: made.Size, Modified: made.Modified, SHA256: made.SHA256})
	if err != nil {
		return Object{}, err
	}
	for range attempts {
		// Another process may have deleted the last neighbor, and its folder, since
		// the folder was made.
		if err = d.publish(fresh, key, o.IfAbsent, note); !errors.As(err, new(*api.NotFoundError)) {
			break
		}
	}
	if err != nil {
		return Object{}, err
	}
	o.arrived(made.Size)
	return made, nil
}

func fillFile(ctx context.Context, file *os.File, key string, r io.Reader, size int64, o PutOptions) (Object, error) {
	limited := r
	if size >= 0 {
		limited = io.LimitReader(r, size+1)
	}
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(file, hash), withContext{ctx, limited})
	found := sum(hash)
	switch {
	case err != nil:
		return Object{}, err
	case size >= 0 && n > size:
		return Object{}, tooMany(key, size)
	case size >= 0 && n != size:
		return Object{}, miscounted(key, size, n)
	case o.SHA256 != "" && o.SHA256 != found:
		return Object{}, mismatched(key, o.SHA256, found)
	}
	if err := file.Sync(); err != nil {
		return Object{}, err
	}
	info, err := file.Stat()
	if err != nil {
		return Object{}, err
	}
	return Object{Key: key, Size: n, Modified: info.ModTime(), SHA256: found}, nil
}

// publish gives a file its name, at once. The note goes first: until the file is
// there too, it fits nothing and does not count.
func (d *Dir) publish(fresh, key string, ifAbsent bool, note []byte) error {
	for _, dir := range []string{path.Dir(key), path.Dir(noteOf(key))} {
		if err := d.root.MkdirAll(dir, 0o777); err != nil {
			return d.folder(key, err)
		}
	}
	if info, err := d.root.Stat(key); err == nil && info.IsDir() {
		return d.folder(key, fs.ErrExist)
	}
	if ifAbsent {
		// Only a link fails where the name is taken. The note of what is
		// there must stay, so ours comes after.
		if err := d.root.Link(fresh, key); err != nil {
			return d.failed(key, err)
		}
		return d.note(key, note)
	}
	if err := d.note(key, note); err != nil {
		return err
	}
	if err := d.root.Rename(fresh, key); err != nil {
		return d.failed(key, err)
	}
	return nil
}

func (d *Dir) note(key string, note []byte) error {
	fresh := ownDir + "/new/" + kube.NewID()
	if err := d.root.WriteFile(fresh, note, 0o666); err != nil {
		return d.failed(key, err)
	}
	if err := d.root.Rename(fresh, noteOf(key)); err != nil {
		return d.failed(key, err)
	}
	return nil
}

// folder says that one key would have to be the folder of another.
func (d *Dir) folder(key string, err error) error {
	if isNotDir(err) || errors.Is(err, fs.ErrExist) {
		return inTheWay(key, err)
	}
	return d.failed(key, err)
}

// AbortUploads implements Backend: a file that was cut off has no key yet, and is
// no object's.
func (d *Dir) AbortUploads(ctx context.Context, _ ...string) error { return ctx.Err() }

// Delete implements Backend. Folders that become empty go, too.
func (d *Dir) Delete(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		if err := ctx.Err(); err != nil {
			return err
		}
		if checkDirKey(key) != nil {
			continue // no file can be it
		}
		if info, err := d.root.Lstat(key); err == nil && info.IsDir() {
			continue // a folder is no object
		}
		for _, name := range []string{key, noteOf(key)} {
			err := d.root.Remove(name)
			if err != nil && !errors.Is(err, fs.ErrNotExist) && !isNotDir(err) {
				return d.failed(key, err)
			}
			for dir := path.Dir(name); dir != "." && dir != ownDir; dir = path.Dir(dir) {
				if d.root.Remove(dir) != nil {
					break // there is more in it
				}
			}
		}
	}
	return nil
}

// withContext ends a copy with its context.
type withContext struct {
	ctx context.Context // of one copy
	io.Reader
}

func (r withContext) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}
