package keeper

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// folder is one that the user's containers write to. It is read so that no
// link in it, and none put there in the middle of things, leads out of it: the
// sidecar has a token and credentials that theirs have not.
type folder struct{ *os.Root }

// openFolder opens the folder at path. It is fs.ErrNotExist where there is none
// yet, and an error when a link stands in the way to it.
func openFolder(path string) (folder, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return folder{}, err
	}
	real, err := realPath(root)
	if err == nil && real != filepath.Clean(path) {
		err = &fs.PathError{Op: "open", Path: path, Err: errors.New("a link stands in the way to it, and is not followed")}
	}
	if err != nil {
		root.Close()
		return folder{}, err
	}
	return folder{root}, nil
}

// realPath asks the kernel where an open folder is.
func realPath(root *os.Root) (string, error) {
	dir, err := root.Open(".")
	if err != nil {
		return "", err
	}
	defer dir.Close()
	return os.Readlink(fmt.Sprintf("/proc/self/fd/%d", dir.Fd()))
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
