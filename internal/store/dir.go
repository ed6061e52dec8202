package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kubevast/vast/sdk/api"
)

// ownDir is the folder in a Dir that is no part of its keys.
const ownDir = ".vast"

// Dir keeps objects as files of a folder, by their keys.
type Dir struct{ root *os.Root }

// OpenDir makes the folder where it is missing. Nothing outside of it is read or
// written, also not through links. Programs may share it.
func OpenDir(path string) (Backend, error) {
	if err := os.MkdirAll(filepath.Join(path, ownDir, "new"), 0o777); err != nil {
		return nil, api.Invalid("", "%s cannot be used as a store: %v", path, err)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, api.Invalid("", "%s cannot be used as a store: %v", path, err)
	}
	return &Dir{root: root}, nil
}

// noted is what is known of a file. It counts as long as size and time fit: the
// file may have been replaced by hand.
type noted struct {
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified"`
	SHA256   string    `json:"sha256"`
}

func noteOf(key string) string {
	dir, name := path.Split(key)
	if len(name) > maxNoteName { // a name has 255 bytes at most
		name = sumOf([]byte(name))
	}
	return ownDir + "/sums/" + dir + name + ".json"
}

// maxNoteName is how long a name may be to name its note, too.
const maxNoteName = 240

func checkDirKey(key string) error {
	if first, _, _ := strings.Cut(key, "/"); first == ownDir {
		return api.Invalid("", "%q is no name for an object: %s is the store's own folder", key, ownDir)
	}
	return checkKey(key)
}

// Stat implements Backend.
func (d *Dir) Stat(ctx context.Context, key string) (Object, error) {
	if err := ctx.Err(); err != nil {
		return Object{}, err
	}
	if checkDirKey(key) != nil {
		return Object{}, notFound(key) // no file can be it
	}
	info, err := d.root.Stat(key)
	if err != nil || !info.Mode().IsRegular() {
		return Object{}, d.failed(key, err)
	}
	return d.object(key, info), nil
}

func (d *Dir) object(key string, info fs.FileInfo) Object {
	o := Object{Key: key, Size: info.Size(), Modified: info.ModTime()}
	var n noted
	data, err := d.root.ReadFile(noteOf(key))
	if err == nil && json.Unmarshal(data, &n) == nil && n.Size == o.Size && n.Modified.Equal(o.Modified) {
		o.SHA256 = n.SHA256
	}
	return o
}

// failed distinguishes what is missing from what cannot be done. A folder is no
// object.
func (*Dir) failed(key string, err error) error {
	switch {
	case err == nil, errors.Is(err, fs.ErrNotExist), isNotDir(err):
		return notFound(key)
	case errors.Is(err, fs.ErrExist):
		return exists(key)
	case errors.Is(err, fs.ErrPermission):
		return &api.ForbiddenError{Message: "the store's folder: " + err.Error(), Cause: err}
	}
	return &api.UnavailableError{Message: "the store's folder: " + err.Error(), Cause: err}
}

// Get implements Backend.
func (d *Dir) Get(ctx context.Context, key string, offset int64) (io.ReadCloser, Object, error) {
	if err := ctx.Err(); err != nil {
		return nil, Object{}, err
	}
	if checkDirKey(key) != nil {
		return nil, Object{}, notFound(key) // no file can be it
	}
	file, err := d.root.Open(key)
	if err != nil {
		return nil, Object{}, d.failed(key, err)
	}
	info, err := file.Stat()
	if err == nil && info.Mode().IsRegular() {
		o := d.object(key, info)
		if offset > o.Size {
			_ = file.Close() // it was only read
			return nil, Object{}, beyond(key, o.Size, offset)
		}
		if _, err = file.Seek(offset, io.SeekStart); err == nil {
			r := &dirReader{File: file, ctx: ctx, object: o}
			if offset == 0 && o.SHA256 != "" {
				r.hash = sha256.New()
			}
			return r, o, nil
		}
	}
	_ = file.Close() // it was only read
	return nil, Object{}, d.failed(key, err)
}

// dirReader reads a file of a Dir and holds it against its SHA-256.
type dirReader struct {
	*os.File
	ctx    context.Context // of one Get
	object Object
	hash   hash.Hash
}

func (r *dirReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.File.Read(p)
	if r.hash == nil {
		return n, err
	}
	_, _ = r.hash.Write(p[:n]) // a hash takes everything
	if errors.Is(err, io.EOF) {
		if found := sum(r.hash); found != r.object.SHA256 {
			return n, corrupt(r.object.Key, r.object.SHA256, found)
		}
	}
	return n, err
}

func (r *dirReader) leaveVerifying() { r.hash = nil }

// List implements Backend. It reads a folder at a time.
func (d *Dir) List(ctx context.Context, prefix string, o ListOptions) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		dir, _ := path.Split(prefix)
		d.walk(ctx, strings.TrimSuffix(dir, "/"), prefix, o, yield)
	}
}

// walk yields what is in one folder and below it; false ends the list.
func (d *Dir) walk(ctx context.Context, dir, prefix string, o ListOptions, yield func(Object, error) bool) bool {
	if err := ctx.Err(); err != nil {
		yield(Object{}, err)
		return false
	}
	entries, err := fs.ReadDir(d.root.FS(), cmp.Or(dir, "."))
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) || isNotDir(err) || errors.Is(err, fs.ErrInvalid) {
			return true // nothing begins so
		}
		yield(Object{}, d.failed(dir, err))
		return false
	}
	// As keys a folder sorts behind its slash: "a-b" before "a/b".
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(keyOf("", a), keyOf("", b)) })
	for _, e := range entries {
		key := keyOf(dir, e)
		switch {
		case key == ownDir+"/":
		case e.IsDir():
			// What begins with the prefix may lie below, or be it.
			if !strings.HasPrefix(key, prefix) || o.StartAfter != "" && key <= o.StartAfter && !strings.HasPrefix(o.StartAfter, key) {
				continue
			}
			if o.Delimiter {
				if key > o.StartAfter && !yield(Object{Key: key, Prefix: true}, nil) {
					return false
				}
			} else if !d.walk(ctx, strings.TrimSuffix(key, "/"), prefix, o, yield) {
				return false
			}
		case e.Type().IsRegular() && strings.HasPrefix(key, prefix) && key > o.StartAfter:
			info, err := e.Info()
			if errors.Is(err, fs.ErrNotExist) {
				continue // it was deleted this moment
			}
			if err != nil {
				yield(Object{}, d.failed(key, err))
				return false
			}
			if !yield(Object{Key: key, Size: info.Size(), Modified: info.ModTime()}, nil) {
				return false
			}
		}
	}
	return true
}

func keyOf(dir string, e fs.DirEntry) string {
	name := e.Name()
	if dir != "" {
		name = dir + "/" + name
	}
	if e.IsDir() {
		name += "/"
	}
	return name
}
