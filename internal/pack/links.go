package pack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// link takes a symbolic link, as one.
func (w *walk) link(name string) error {
	written, err := w.root.Readlink(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // gone since the folder was read
	}
	if err != nil {
		return w.named(name, err)
	}
	target, inside := w.target(name, written)
	switch {
	case inside:
		if !w.folders {
			w.links = append(w.links, name)
		}
		// The bits of a link differ between systems.
		return w.add(Entry{Name: name, Mode: fs.ModeSymlink | fs.ModePerm, Link: target})
	case !w.folders && w.leadsToFolder(name):
		w.skip(name, "it leads to a folder outside, "+shown(written))
	default:
		w.refuse(name, fmt.Sprintf("it is a link to %s, outside of the folder; put what it leads to in its place, or %s", shown(written), w.fix))
	}
	return nil
}

// target is where a link leads to, as it can stand in the pack: relative, and
// up only at the beginning. It is inside if that is something in the folder, by
// whatever way, and other links, it leads there. One that leads nowhere is taken
// by its words.
func (w *walk) target(name, written string) (target string, inside bool) {
	if !LeadsOut(name, written) {
		real, err := filepath.EvalSymlinks(filepath.Join(w.real, filepath.FromSlash(name)))
		if err == nil {
			_, inside = below(w.real, real)
		}
		return written, inside || err != nil
	}
	from := filepath.Join(w.real, filepath.FromSlash(path.Dir(name)))
	to := written
	if !filepath.IsAbs(to) {
		to = from + "/" + written // not joined: what ".." means depends on the links before it
	}
	if real, err := filepath.EvalSymlinks(to); err == nil {
		to = real
	} else if to = filepath.Clean(to); filepath.IsAbs(written) {
		// By a name of the folder that is itself a link.
		if below, ok := below(w.absolute(), to); ok {
			to = filepath.Join(w.real, below)
		}
	}
	if _, ok := below(w.real, to); !ok {
		return "", false
	}
	target, err := filepath.Rel(from, to)
	target = filepath.ToSlash(target)
	return target, err == nil && !LeadsOut(name, target)
}

// absolute is the folder's path as it was named.
func (w *walk) absolute() string {
	abs, err := filepath.Abs(w.dir)
	if err != nil {
		return w.real
	}
	return abs
}

// below is the part of a clean path that is in dir, "." for dir itself.
func below(dir, file string) (string, bool) {
	rel, err := filepath.Rel(dir, file)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return "", false
	}
	return rel, true
}

func (w *walk) leadsToFolder(name string) bool {
	info, err := os.Stat(filepath.Join(w.real, filepath.FromSlash(name)))
	return err == nil && info.IsDir()
}

// maxHops is how many links may lead to each other.
const maxHops = 40

// errOut is that a link leads out of the folder.
var errOut = errors.New("a link leads out of the folder")

// errLoop is that links lead to each other.
var errLoop = errors.New("links lead to each other in a circle")

// bring takes the file at name, and the links on the way to it. What is an entry
// already, by taken, is not taken twice. A folder needs no entry.
func (w *walk) bring(name string, taken map[string]bool, hops int) error {
	if hops > maxHops {
		return &fs.PathError{Op: "open", Path: w.shown(name), Err: errLoop}
	}
	parts, at := strings.Split(path.Clean(name), "/"), "."
	for i, part := range parts {
		at = path.Join(at, part)
		info, err := w.root.Lstat(at)
		if err != nil {
			return w.named(name, err)
		}
		if info.IsDir() {
			continue
		}
		rest := path.Join(parts[i+1:]...)
		if info.Mode()&fs.ModeSymlink == 0 {
			if rest != "" {
				return &fs.PathError{Op: "open", Path: w.shown(name), Err: errNotDir}
			}
			return w.once(at, taken, func() error {
				if !info.Mode().IsRegular() {
					w.skip(at, "it is "+kindOf(info.Mode()))
					return nil
				}
				return w.file(at, foundBy(info))
			})
		}
		written, err := w.root.Readlink(at)
		if err != nil {
			return w.named(at, err)
		}
		if err := w.once(at, taken, func() error { return w.link(at) }); err != nil {
			return err
		}
		target, inside := w.target(at, written)
		if !inside {
			return &fs.PathError{Op: "open", Path: w.shown(name), Err: errOut}
		}
		return w.bring(path.Join(path.Dir(at), target, rest), taken, hops+1)
	}
	return nil
}

func (w *walk) once(name string, taken map[string]bool, take func() error) error {
	if taken[name] {
		return nil
	}
	taken[name] = true
	return take()
}
