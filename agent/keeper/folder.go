package keeper

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// folder is one that the user's containers write to. It is read so that no
// link in it, and none put there in the middle of things, leads out of it: the
// sidecar has a token and credentials that theirs have not.
type folder struct{ *os.Root }

// openFolder opens the folder at path. It is fs.ErrNotExist where there is none
// yet, and an error when a part of the path is a link.
func openFolder(path string) (folder, error) {
	// The path may be a pipe without a writer.
	dir, err := os.OpenFile(path, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return folder{}, err
	}
	defer dir.Close()
	root, err := os.OpenRoot(fdPath(dir))
	if err != nil {
		return folder{}, err
	}
	real, err := realPath(root)
	if err == nil && real != filepath.Clean(path) {
		err = &fs.PathError{Op: "open", Path: path, Err: errors.New("a part of the path is a link, which is not followed")}
	}
	if err != nil {
		root.Close()
		return folder{}, err
	}
	return folder{root}, nil
}

// realPath returns the path of an open folder from the kernel.
func realPath(root *os.Root) (string, error) {
	dir, err := root.Open(".")
	if err != nil {
		return "", err
	}
	defer dir.Close()
	return os.Readlink(fdPath(dir))
}

// fdPath is a path of an open file that leads to it whatever has become of its name.
func fdPath(f *os.File) string { return fmt.Sprintf("/proc/self/fd/%d", f.Fd()) }

// walk is fs.WalkDir of all that is in the folder. That one refuses folders whose
// names are not UTF-8.
func (f folder) walk(visit fs.WalkDirFunc) error { return f.walkIn(".", visit) }

func (f folder) walkIn(dir string, visit fs.WalkDirFunc) error {
	entries, err := f.entries(dir)
	if err != nil {
		if err := visit(dir, nil, err); err != nil || len(entries) == 0 {
			return err
		}
	}
	for _, e := range entries {
		name := e.Name()
		if dir != "." {
			name = dir + "/" + name
		}
		switch err := visit(name, e, nil); {
		case errors.Is(err, fs.SkipDir):
			continue
		case err != nil:
			return err
		case e.IsDir():
			if err := f.walkIn(name, visit); err != nil {
				return err
			}
		}
	}
	return nil
}

// entries are those of one folder, sorted.
func (f folder) entries(dir string) ([]fs.DirEntry, error) {
	opened, err := f.Open(dir)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	entries, err := opened.ReadDir(-1)
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, err
}

// info returns the FileInfo of an entry from the folder. The system accepts no
// path of more than 4096 bytes, the folder does.
func (f folder) info(name string, e fs.DirEntry) (fs.FileInfo, error) {
	info, err := e.Info()
	if errors.Is(err, syscall.ENAMETOOLONG) {
		return f.Lstat(name)
	}
	return info, err
}

// open opens a regular file. It does not wait for the other end of a pipe that
// took the file's place.
func (f folder) open(name string) (*os.File, fs.FileInfo, error) {
	opened, err := f.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := opened.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: name, Err: errors.New("it is no longer a file")}
	}
	if err != nil {
		opened.Close()
		return nil, nil, err
	}
	return opened, info, nil
}
