package pack

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// errNotDir is what opening a file in a file fails with.
const errNotDir = syscall.ENOTDIR

// Folder is what Scan found.
type Folder struct {
	// Entries are sorted by name. The folder itself is none of them.
	Entries []Entry
	// Skipped are the files that cannot be packed and are omitted: sockets,
	// pipes, devices. Files of the ignore files are not in it.
	Skipped []Skipped
	// Unmatched are the globs that nothing fits, by their place in the list.
	Unmatched []int
	// Bytes is the size of all files.
	Bytes int64
}

// ScanOptions select the files of a folder. The zero value is fine.
type ScanOptions struct {
	// All takes everything: no ignore file counts.
	All bool
	// Globs take the files alone that one of them fits, whatever the ignore
	// files say, but nothing of a .git. They are RoboVAST's: "*" and "?" stand
	// for slashes, too, one without a slash also fits names in any folder, and
	// one that ends in a slash all that is in the folder. "**/" is any folders,
	// and {a,b} one of several. A link fits as a file does,
	// and the file that it leads to is taken with it; one that leads to nothing
	// is refused, one to a folder outside is skipped. Folders are no entries.
	Globs []string
	// Files are taken beside what the globs fit, with the links that are on the
	// way to them. A missing one is fs.ErrNotExist.
	Files []string
}

// Scan looks through a folder. dir itself may be a link. Below it no link is
// followed: one that leads to something in dir is an entry, also if that is
// missing, and relative, whatever it was; one that leads out of dir, and what
// may not be read, is api.InvalidSpecError, which names all of them up to a bound.
// So is a folder of more than 2,000,000 files and folders, for which there would
// not be enough memory. Of the other errors, that of a missing folder fits
// fs.ErrNotExist. Scan ends when ctx does.
//
// A .skyignore in dir selects what is omitted, by the rules of gitignore(5), in
// dir and in every folder below. Without one .gitignore does, and .git is
// omitted too.
func Scan(ctx context.Context, dir string, o ScanOptions) (*Folder, error) {
	w, err := newWalk(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer w.root.Close() // nothing is written through it
	if err := w.all(o); err != nil {
		return nil, err
	}
	if err := w.problems(); err != nil {
		return nil, err
	}
	slices.SortFunc(w.folder.Entries, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(w.folder.Skipped, func(a, b Skipped) int { return strings.Compare(a.Name, b.Name) })
	return w.folder, nil
}

func (w *walk) all(o ScanOptions) error {
	if o.Globs != nil || o.Files != nil {
		return w.chosen(o)
	}
	top := &ignorer{}
	if !o.All {
		var err error
		if top, err = newIgnorer(w.dir); err != nil {
			return err
		}
	}
	w.fix = "name it in a " + gitIgnore
	if top.name == skyIgnore {
		w.fix = "name it in " + skyIgnore
	}
	w.folders = true
	return w.in("", top)
}

// ScanFile is Scan for one file, which gets the given name in the pack. A link
// is followed.
func ScanFile(file, name string) (*Folder, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is %s, no file", file, kindOf(info.Mode()))
	}
	real, err := filepath.EvalSymlinks(file)
	if err != nil {
		return nil, err
	}
	e := Entry{Name: name, Dir: filepath.Dir(real), Path: filepath.Base(real), Mode: info.Mode().Perm(), Size: info.Size()}
	return &Folder{Entries: []Entry{e}, Bytes: e.Size}, nil
}

// kindOf names what is neither file, folder nor link.
func kindOf(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a folder"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case m&fs.ModeDevice != 0:
		return "a device"
	}
	return "no file"
}
