package archives

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/kubevast/vast/internal/pack"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// FetchOptions are the options of Fetch.
type FetchOptions struct {
	// Dir is the folder to download to.
	Dir string
	// KeepArchive leaves the archive in Dir after it is unpacked; NoUnpack leaves it packed.
	KeepArchive, NoUnpack bool
	// Force replaces what is there.
	Force bool
	// Progress receives how many bytes of the archive are there.
	Progress func(written, size int64)
	// Retry receives the errors after which the download continues.
	Retry func(err error, pause time.Duration)
}

// unpacking marks a folder in which an archive is being unpacked.
const unpacking = ".unpacking"

// Fetch downloads an archive and unpacks it into o.Dir. An interrupted download continues.
// What is there already is an api.ConflictError, before anything is downloaded, unless o.Force
// is set. It returns the names in o.Dir that it has created.
func Fetch(ctx context.Context, p share.ShareProvider, object share.Object, o FetchOptions) ([]string, error) {
	if err := share.ValidName(object.Name); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Dir, 0o777); err != nil {
		return nil, api.InvalidOption("Dir", "%q cannot be a folder: %v", o.Dir, err)
	}
	base, archive := Base(object.Name)
	archive = archive && !o.NoUnpack
	path := filepath.Join(o.Dir, object.Name)
	if !archive {
		base = object.Name
	}
	if !o.Force {
		if err := free(o.Dir, base); err != nil {
			return nil, err
		}
	}
	download := func() error {
		_, err := share.Download(ctx, p, object.Name, path, share.FileOptions{Overwrite: o.Force || archive, Progress: o.Progress, Retry: o.Retry})
		return err
	}
	// A whole archive of an earlier call, which could not be unpacked, is used again.
	again := archive && !o.Force && whole(path, object)
	if !again {
		if err := download(); err != nil {
			return nil, err
		}
	}
	if !archive {
		return []string{object.Name}, nil
	}
	names, err := unpack(ctx, path, o)
	if err != nil && again && ctx.Err() == nil && !api.IsConflict(err) {
		// It may be damaged, or be another one of this size.
		if err := download(); err != nil {
			return nil, err
		}
		names, err = unpack(ctx, path, o)
	}
	if err != nil {
		return nil, fmt.Errorf("%s is downloaded, but not unpacked: %w", path, err)
	}
	if o.KeepArchive {
		return append(names, object.Name), nil
	}
	return names, os.Remove(path)
}

// whole reports whether a file can be the object: its size is, and it is not older.
func whole(path string, object share.Object) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode().IsRegular() && object.Size >= 0 && info.Size() == object.Size && !info.ModTime().Before(object.Modified)
}

func free(dir, name string) error {
	_, err := os.Lstat(filepath.Join(dir, name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return api.InvalidOption("Dir", "%v", err)
	}
	return &api.ConflictError{Message: fmt.Sprintf("%q already exists", filepath.Join(dir, name)),
		Remedies: []api.Remedy{{Options: []string{"Force"}, Purpose: "replace it"}}}
}

// unpack unpacks into a folder of its own, so that a part of an archive is never taken for
// all of it, and moves what is in it to its place.
func unpack(ctx context.Context, path string, o FetchOptions) ([]string, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	temp := filepath.Join(o.Dir, "."+strings.TrimLeft(filepath.Base(path), ".")+unpacking)
	if err := os.RemoveAll(temp); err != nil { // of a call that was interrupted
		return nil, err
	}
	defer os.RemoveAll(temp) // it is empty then, or an error is returned
	if err := pack.ExtractArchive(ctx, in, temp); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(temp)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if !o.Force {
			if err := free(o.Dir, e.Name()); err != nil {
				return nil, err
			}
		}
	}
	for _, e := range entries {
		to := filepath.Join(o.Dir, e.Name())
		if o.Force && to != path {
			if err := os.RemoveAll(to); err != nil {
				return nil, err
			}
		}
		if err := os.Rename(filepath.Join(temp, e.Name()), to); err != nil {
			return nil, err
		}
		names = append(names, e.Name())
	}
	return names, nil
}
