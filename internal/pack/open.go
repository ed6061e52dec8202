package pack

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/kubevast/vast/sdk/api"
)

// errNoFile is what opening something else than a regular file fails with.
var errNoFile = errors.New("it is no file")

// openIn opens a regular file, never through a link at its name, and out of the
// root through none at all. It does not wait for the other end of a pipe.
func openIn(root *os.Root, name string) (*os.File, fs.FileInfo, error) {
	there, err := root.Lstat(name)
	if err != nil {
		return nil, nil, err
	}
	if !there.Mode().IsRegular() {
		return nil, nil, &fs.PathError{Op: "open", Path: name, Err: errNoFile}
	}
	f, err := root.OpenFile(name, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !os.SameFile(there, info) { // something took its place meanwhile
		err = &fs.PathError{Op: "open", Path: name, Err: errNoFile}
	}
	if err != nil {
		_ = f.Close() // nothing was written
		return nil, nil, err
	}
	return f, info, nil
}

// Open opens a regular file in dir, or the one that links lead to from there. No
// link leads it out of dir: such a file, or what is no file, is api.InvalidSpecError,
// which does not name it. A missing one is fs.ErrNotExist.
func Open(dir, name string) (*os.File, error) {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, err
	}
	file, err := filepath.EvalSymlinks(filepath.Join(real, filepath.FromSlash(name)))
	if err != nil {
		return nil, err
	}
	inside, ok := below(real, file)
	if !ok {
		return nil, api.Invalid("", "a link leads out of the folder, to %s", shown(file))
	}
	root, err := os.OpenRoot(real)
	if err != nil {
		return nil, err
	}
	defer root.Close() // nothing is written through it
	f, _, err := openIn(root, filepath.ToSlash(inside))
	if errors.Is(err, errNoFile) {
		return nil, api.Invalid("", "it is no file")
	}
	return f, err
}

// opener opens the files of entries. It keeps the folder of the last one open,
// since the next one is mostly in the same folder. The zero value is ready.
type opener struct {
	dir    string
	root   *os.Root
	folder string
	in     *os.Root
}

// open opens the file of an entry. One that is no file any more has changed.
func (o *opener) open(e Entry) (*os.File, fs.FileInfo, error) {
	f, info, err := o.find(e)
	var at *fs.PathError
	switch {
	case err == nil:
		return f, info, nil
	case errors.Is(err, errNoFile), errors.Is(err, errNotDir):
		return nil, nil, changed(e)
	case errors.As(err, &at):
		return nil, nil, &fs.PathError{Op: at.Op, Path: e.File(), Err: at.Err}
	}
	return nil, nil, err
}

func (o *opener) find(e Entry) (*os.File, fs.FileInfo, error) {
	dir, name := e.Dir, filepath.ToSlash(e.Path)
	if dir == "" {
		dir, name = filepath.Dir(e.Path), filepath.Base(e.Path)
	}
	if o.root == nil || o.dir != dir {
		o.close()
		root, err := os.OpenRoot(dir)
		if err != nil {
			return nil, nil, err
		}
		o.dir, o.root = dir, root
	}
	folder := path.Dir(name)
	if folder == "." {
		return openIn(o.root, name)
	}
	if o.in == nil || o.folder != folder {
		o.leave()
		in, err := o.root.OpenRoot(folder)
		if err != nil {
			return nil, nil, err
		}
		o.folder, o.in = folder, in
	}
	return openIn(o.in, path.Base(name))
}

func (o *opener) leave() {
	if o.in != nil {
		_ = o.in.Close() // nothing is written through it
		o.in = nil
	}
}

func (o *opener) close() {
	o.leave()
	if o.root != nil {
		_ = o.root.Close() // nothing is written through it
		o.root = nil
	}
}
