package pack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/kubevast/vast/sdk/api"
)

const (
	// maxEntries are held in memory: half a GiB for a million.
	maxEntries = 2_000_000
	// maxPath is how long a path may be, in bytes: Linux opens none of more than
	// 4095, and the folder that it is unpacked to comes before it.
	maxPath = 3800
	// maxProblems are reported one by one.
	maxProblems = 20
	// atOnce is how many names of a folder are read at a time.
	atOnce = 1000
)

// walk is one run through a folder, which follows no link.
type walk struct {
	ctx context.Context
	// dir is the folder as it was named, real where it is, root its descriptor.
	dir, real string
	root      *os.Root
	max       int
	// folders are entries, too.
	folders bool
	// fix is how something that cannot be packed is omitted on purpose.
	fix    string
	folder *Folder
	// refused are sorted at the end; more were not kept.
	refused []Skipped
	more    int
	// links were found.
	links []string
}

// chooser selects the entries of a folder.
type chooser interface {
	// enter receives the entries of a folder, before any of them is selected.
	// The result is for this folder.
	enter(dir, name string, list []found) (chooser, error)
	ignores(name string, isDir bool) bool
}

// found is something in a folder, as little of it as is needed: a folder may
// hold a million.
type found struct {
	name string
	mode fs.FileMode
	size int64
}

func foundBy(info fs.FileInfo) found {
	return found{name: info.Name(), mode: info.Mode(), size: info.Size()}
}

func newWalk(ctx context.Context, dir string) (*walk, error) {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, err
	}
	if real, err = filepath.Abs(real); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(real)
	if err != nil {
		return nil, err
	}
	return &walk{ctx: ctx, dir: dir, real: real, root: root, max: maxEntries, folder: &Folder{}}, nil
}

// in looks through a folder; name is its path in the pack, empty for the top.
func (w *walk) in(name string, c chooser) error {
	list, err := w.list(name)
	switch {
	case errors.Is(err, fs.ErrPermission) && name != "":
		w.unreadable(name, err)
		return nil
	case errors.Is(err, fs.ErrNotExist) && name != "":
		return nil // gone since the folder above was read
	case err != nil:
		return w.named(name, err)
	}
	if c, err = c.enter(filepath.Join(w.dir, filepath.FromSlash(name)), name, list); err != nil {
		return err
	}
	for i, f := range list {
		if i%atOnce == 0 && w.ctx.Err() != nil {
			return w.ctx.Err()
		}
		below := path.Join(name, f.name)
		if c.ignores(below, f.mode.IsDir()) {
			continue
		}
		if err := w.take(below, f, c); err != nil {
			return err
		}
	}
	return nil
}

// list reads what a folder holds. It ends with the walk's context.
func (w *walk) list(name string) ([]found, error) {
	dir, err := w.root.OpenFile(path.Join(".", name), os.O_RDONLY|nonblock, 0)
	if err != nil {
		return nil, err
	}
	defer dir.Close() // nothing was written
	var list []found
	for {
		if err := w.ctx.Err(); err != nil {
			return nil, err
		}
		some, err := dir.Readdir(atOnce) // what goes meanwhile is not there
		for _, info := range some {
			list = append(list, foundBy(info))
		}
		if len(list) > w.max {
			return nil, w.tooMany()
		}
		if err == io.EOF {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// take adds one thing of a folder.
func (w *walk) take(name string, f found, c chooser) error {
	if len(name) > maxPath {
		w.refuse(name, fmt.Sprintf("its path has %d bytes; at most %d are possible", len(name), maxPath))
		return nil
	}
	switch {
	case f.mode.IsDir():
		if w.folders {
			if err := w.add(Entry{Name: name, Mode: f.mode}); err != nil {
				return err
			}
		}
		return w.in(name, c)
	case f.mode.IsRegular():
		return w.file(name, f)
	case f.mode&fs.ModeSymlink != 0:
		return w.link(name)
	}
	w.skip(name, "it is "+kindOf(f.mode))
	return nil
}

func (w *walk) file(name string, of found) error {
	if of.mode.Perm()&0o444 != 0o444 { // else everybody may read it
		f, _, err := openIn(w.root, name)
		if errors.Is(err, fs.ErrPermission) {
			w.unreadable(name, err)
			return nil
		}
		if err == nil {
			_ = f.Close() // nothing was written
		}
	}
	w.folder.Bytes += of.size
	return w.add(Entry{Name: name, Dir: w.real, Path: name, Mode: of.mode, Size: of.size})
}

func (w *walk) add(e Entry) error {
	if len(w.folder.Entries) == w.max {
		return w.tooMany()
	}
	e.Mode &= fs.ModeType | fs.ModePerm
	w.folder.Entries = append(w.folder.Entries, e)
	return nil
}

func (w *walk) tooMany() error {
	return api.Invalid("", "%s holds more than %d files and folders; pack those that are needed into an archive, or copy them from a bucket", shown(w.dir), w.max)
}

func (w *walk) skip(name, reason string) {
	w.folder.Skipped = append(w.folder.Skipped, Skipped{Name: name, Reason: reason})
}

// unreadable reports what lacks the right to be read. Where only some files are
// selected, a folder that cannot be read may contain none of them.
func (w *walk) unreadable(name string, err error) {
	if info, failed := w.root.Lstat(name); failed == nil && info.IsDir() && !w.folders {
		w.skip(name, fmt.Sprintf("it cannot be looked into: %v", bare(err)))
		return
	}
	w.refuse(name, fmt.Sprintf("it cannot be read: %v; fix that, or %s", bare(err), w.fix))
}

// refuse notes what cannot be packed, and must not be missing without a word.
func (w *walk) refuse(name, reason string) {
	if len(w.refused) == maxProblems {
		w.more++
		return
	}
	w.refused = append(w.refused, Skipped{Name: name, Reason: reason})
}

// problems are what was refused.
func (w *walk) problems() error {
	if len(w.refused) == 0 {
		return nil
	}
	slices.SortFunc(w.refused, func(a, b Skipped) int { return strings.Compare(a.Name, b.Name) })
	all := &api.InvalidSpecError{}
	for _, r := range w.refused {
		all.Problems = append(all.Problems, api.Problem{Message: w.shown(r.Name) + ": " + r.Reason})
	}
	if w.more > 0 {
		all.Problems = append(all.Problems, api.Problem{Message: fmt.Sprintf("%d more things in %s cannot be packed", w.more, w.dir)})
	}
	return all
}

// shown is where something is, for messages: one line.
func (w *walk) shown(name string) string {
	return shown(filepath.Join(w.dir, filepath.FromSlash(name)))
}

func shown(name string) string {
	if quoted := strconv.Quote(name); quoted[1:len(quoted)-1] != name {
		return quoted
	}
	return name
}

// named puts the path as the user wrote it into an error of the root.
func (w *walk) named(name string, err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return &fs.PathError{Op: at.Op, Path: filepath.Join(w.dir, filepath.FromSlash(name)), Err: at.Err}
	}
	return err
}

// bare is an error without the path, which is printed beside it.
func bare(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
