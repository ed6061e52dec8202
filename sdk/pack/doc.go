// Package pack turns folders into single files and back: the packs by which a
// task's files reach its pods, and the archives of downloaded results.
//
// A pack is a tar in zstd. It is made in one way only: sorted by name, without
// times and owners, so that the same files give the same bytes and the hash of
// a pack says what is in it. Modes, symbolic links and empty folders are kept.
package pack

import (
	"io/fs"
	"path"
	"strings"
)

// Entry is one thing that goes into a pack.
type Entry struct {
	// Name in the pack: relative, with slashes, clean.
	Name string
	// Path is the file whose content it is. Only regular files have one.
	Path string
	// Mode has the type and the permission bits.
	Mode fs.FileMode
	// Size of a regular file when it was found, in bytes.
	Size int64
	// Link is where a symbolic link points to.
	Link string
}

// Skipped is something in a folder that is left out, and why.
type Skipped struct{ Name, Reason string }

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
	if target == "" || strings.HasPrefix(target, "/") || strings.ContainsAny(target, "\\\x00") {
		return true
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
