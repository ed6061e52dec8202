package store

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"
)

// List implements Backend. It reads a folder at a time.
func (d *Dir) List(ctx context.Context, prefix string, o ListOptions) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		dir, _ := path.Split(prefix)
		d.walk(ctx, strings.TrimSuffix(dir, "/"), prefix, o, yield)
	}
}

// walk yields what lies in one folder and below it; false ends the list.
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
