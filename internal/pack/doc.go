// Package pack turns folders into single files and back: the packs by which a
// task's files reach its pods, and the archives of downloaded results.
//
// A pack is a tar in zstd. It is made in one way only: sorted by name, without
// times and owners, so that the same files give the same bytes and the hash of
// a pack identifies its content. Modes, symbolic links and empty folders are
// kept.
//
// One walker finds all that is packed, and has one rule for symbolic links: the
// folder that is named may be a link itself; below it no link is followed. A
// link to something in the folder stays a link, a link to something outside of
// it is refused.
package pack

import (
	"io/fs"
	"path"
	"path/filepath"
	"strings"
)

// Entry is one thing that goes into a pack.
type Entry struct {
	// Name in the pack: relative, with slashes, clean.
	Name string
	// Path is the file whose content it is, relative to the folder Dir, which
	// no link leads it out of. Only regular files have one. Without a Dir it is
	// a path of the program.
	Dir, Path string
	// Mode has the type and the permission bits.
	Mode fs.FileMode
	// Size of a regular file when it was found, in bytes.
	Size int64
	// Link is where a symbolic link points to.
	Link string
}

// File is the path of the entry's file in the local file system.
func (e Entry) File() string { return filepath.Join(e.Dir, filepath.FromSlash(e.Path)) }

// Skipped is something in a folder that is left out, and why.
type Skipped struct{ Name, Reason string }

// String describes it on one line.
func (s Skipped) String() string { return shown(s.Name) + " is left out: " + s.Reason }

// validName reports whether a name is a clean, relative path. Unlike
// fs.ValidPath it takes names that are no UTF-8, as file systems do.
func validName(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." || part == ".." {
			return false
		}
	}
	return !strings.ContainsRune(name, 0)
}

// LeadsOut reports whether a link at name would lead, or could lead, out of
// the folder that both are in. ".." may only stand at the beginning: behind a
// name it would go up from wherever that name, a link itself, leads to.
func LeadsOut(name, target string) bool {
	if target == "" || strings.HasPrefix(target, "/") || strings.ContainsRune(target, 0) {
		return true
	}
	if filepath.Separator == '\\' && strings.ContainsAny(target, `\:`) {
		return true // elsewhere they are characters like any other
	}
	down := false
	for part := range strings.SplitSeq(target, "/") {
		switch {
		case part == "..":
			if down {
				return true
			}
		case part != "" && part != ".":
			down = true
		}
	}
	to := path.Join(path.Dir(name), target)
	return to == ".." || strings.HasPrefix(to, "../")
}
