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
	// Skipped are the things that cannot be packed: sockets, devices, links
	// that lead out of the folder. What the ignore files name is not told.
	Skipped []Skipped
	// Bytes is the size of all files.
	Bytes int64
}

// ScanOptions say how a folder is looked through. The zero value is fine.
type ScanOptions struct {
	// All takes everything: no ignore file counts.
	All bool
}

// Scan looks through a folder. A link to a folder is followed if it is dir
// itself, and kept as a link below it. Of the errors, that of a missing folder
// fits fs.ErrNotExist.
//
// A .skyignore in dir says what is left out, by the rules of gitignore(5), in
// dir and in every folder below. Without one .gitignore does, and .git is left
// out too.
func Scan(ctx context.Context, dir string, o ScanOptions) (*Folder, error) {
	w := &walk{ctx: ctx, folder: &Folder{}}
	top := &ignorer{}
	if !o.All {
		var err error
		if top, err = newIgnorer(dir); err != nil {
			return nil, err
		}
	}
	if err := w.in(dir, "", top); err != nil {
		return nil, err
	}
	slices.SortFunc(w.folder.Entries, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return w.folder, nil
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
	e := Entry{Name: name, Path: file, Mode: info.Mode().Perm(), Size: info.Size()}
	return &Folder{Entries: []Entry{e}, Bytes: e.Size}, nil
}

// walk is one run through a folder.
type walk struct {
	ctx    context.Context
	folder *Folder
}

// in looks through the folder dir, which is called base in the pack.
func (w *walk) in(dir, base string, ignore *ignorer) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	list, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	own := func(found fs.DirEntry) bool { return found.Name() == ignore.name }
	if ignore.name != "" && slices.ContainsFunc(list, own) {
		if ignore, err = ignore.enter(dir, base); err != nil {
			return err
		}
	}
	for _, found := range list {
		name := found.Name()
		if base != "" {
			name = base + "/" + name
		}
		if ignore.ignores(name, found.IsDir()) {
			continue
		}
		if err := w.take(filepath.Join(dir, found.Name()), name, found, ignore); err != nil {
			return err
		}
	}
	return nil
}

// take adds one thing of a folder.
func (w *walk) take(file, name string, found fs.DirEntry, ignore *ignorer) error {
	info, err := found.Info()
	if err != nil {
		return err
	}
	e := Entry{Name: name, Mode: info.Mode() & (fs.ModeType | fs.ModePerm)}
	switch {
	case info.IsDir():
		w.folder.Entries = append(w.folder.Entries, e)
		return w.in(file, name, ignore)
	case info.Mode().IsRegular():
		e.Path, e.Size = file, info.Size()
		w.folder.Bytes += e.Size
	case info.Mode()&fs.ModeSymlink != 0:
		if e.Link, err = os.Readlink(file); err != nil {
			return err
		}
		e.Mode = fs.ModeSymlink | fs.ModePerm // the system's are not told alike everywhere
		if LeadsOut(name, e.Link) {
			w.skip(name, fmt.Sprintf("the link leads out of the folder, to %s", e.Link))
			return nil
		}
	default:
		w.skip(name, "it is "+kindOf(info.Mode()))
		return nil
	}
	w.folder.Entries = append(w.folder.Entries, e)
	return nil
}

func (w *walk) skip(name, reason string) {
	w.folder.Skipped = append(w.folder.Skipped, Skipped{Name: name, Reason: reason})
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
