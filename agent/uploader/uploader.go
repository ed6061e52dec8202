// Package uploader finds what a prepared campaign brings into the store: a
// folder that is laid out as the store is. It may be one that Kubernetes made of
// a ConfigMap.
package uploader

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
)

// Find lists the files below dir, each under its path as the key. A pack in
// inputs/ has to be what its name says. Links are followed, since a mounted
// ConfigMap is made of them; its own folders, "..data" and the like, are not.
func Find(dir string) ([]store.Upload, error) {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, err
	}
	f := &finder{seen: map[string]bool{}}
	if err := f.folder(real, ""); err != nil {
		return nil, err
	}
	if len(f.items) == 0 {
		return nil, fmt.Errorf("%s has no files", dir)
	}
	return f.items, nil
}

type finder struct {
	items []store.Upload
	seen  map[string]bool // folders on the way, so that a link back ends
}

func (f *finder) folder(dir, prefix string) error {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return err
	}
	if f.seen[real] {
		return fmt.Errorf("%s is a link to a folder that contains it", dir)
	}
	f.seen[real] = true
	defer delete(f.seen, real)
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "..") {
			continue
		}
		err = errors.Join(err, f.entry(filepath.Join(dir, e.Name()), prefix+e.Name()))
	}
	return err
}

func (f *finder) entry(path, key string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return f.folder(path, key+"/")
	case !info.Mode().IsRegular():
		return &fs.PathError{Op: "upload", Path: path, Err: errors.New("it is no file")}
	}
	item := store.Upload{Key: key, Path: path, Size: info.Size()}
	if sum, isPack := strings.CutPrefix(key, layout.Inputs); isPack {
		item.SHA256 = sum
	}
	f.items = append(f.items, item)
	return nil
}
