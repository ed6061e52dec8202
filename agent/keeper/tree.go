package keeper

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/layout"
)

// maxMissing is how many of those that cannot be kept are named.
const maxMissing = 1000

// tree is a set of folders whose files are copied to below one prefix.
type tree struct {
	prefix string
	dirs   []agentspec.Dir
	files  map[string]*file // by their path below the prefix
	scan   uint32
	room   *room
	// others are the folders that a Dir with Rest leaves out.
	others map[string]bool
}

func newTree(prefix string, dirs []agentspec.Dir, r *room) *tree {
	return &tree{prefix: prefix, dirs: dirs, files: map[string]*file{}, room: r}
}

// forget gives the room back, of a tree that is all in the store.
func (t *tree) forget() {
	t.room.files -= len(t.files)
	t.files = map[string]*file{}
}

// beside is what a scan finds that has no object in the store.
type beside struct {
	entries []layout.File // links and empty folders
	missing []layout.Missing
	unnamed int
}

func (b *beside) lacks(name, format string, args ...any) {
	if len(b.missing) == maxMissing {
		b.unnamed++
		return
	}
	b.missing = append(b.missing, layout.Missing{Path: name, Reason: fmt.Sprintf(format, args...)})
}

// look scans all folders, and forgets the files that are gone.
func (t *tree) look() *beside {
	t.scan++
	found := &beside{}
	for i := range t.dirs {
		t.lookAt(i, found)
	}
	for name, f := range t.files {
		if f.seen != t.scan {
			delete(t.files, name)
			t.room.files--
		}
	}
	found.entries = t.onlyOne(found)
	if found.unnamed > 0 {
		found.missing = append(found.missing, layout.Missing{Path: ".", Reason: fmt.Sprintf("and %d more", found.unnamed)})
	}
	return found
}

// onlyOne returns the links and empty folders, sorted. Of several with one name
// that of the first folder counts, and a file's name is the file's.
func (t *tree) onlyOne(found *beside) []layout.File {
	entries := slices.DeleteFunc(found.entries, func(e layout.File) bool {
		taken := t.files[e.Path] != nil
		if taken {
			found.lacks(e.Path, "two folders have something of this name; the file is kept")
		}
		return taken
	})
	slices.SortStableFunc(entries, func(a, b layout.File) int { return cmp.Compare(a.Path, b.Path) })
	return slices.CompactFunc(entries, func(a, b layout.File) bool { return a.Path == b.Path })
}

func (t *tree) lookAt(number int, found *beside) {
	dir := t.dirs[number]
	root, err := openFolder(dir.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		found.lacks(cmp.Or(strings.TrimSuffix(dir.As, "/"), "."), "%s", reason(err))
		return
	}
	defer root.Close()
	empty := emptyFolders{}
	full := false
	_ = root.walk(func(name string, e fs.DirEntry, err error) error {
		below := dir.As + name
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // gone since the folder was read
		case err != nil:
			delete(empty, name)
			found.lacks(below, "%s", reason(err))
			return nil
		}
		empty.entry(name)
		switch {
		case dir.Rest && t.others[path.Join(dir.Path, name)]:
			return skip(e)
		case !matches(dir.Match, name):
		case e.IsDir() && len(empty) < t.room.max:
			empty.folder(name)
		case e.IsDir(), t.files[below] == nil && t.room.full(found):
			full = true
		default:
			t.entry(root, number, below, e, found)
		}
		return nil
	})
	for _, name := range empty.names() {
		if full = full || t.room.full(found); full {
			break
		}
		found.entries = append(found.entries, layout.File{Path: dir.As + name, Dir: true, Mode: modeOf(root, name)})
	}
	if full {
		found.lacks(cmp.Or(dir.As, "."), "more than %d files, links and empty folders in all results of the pod: the rest was not kept", t.room.max)
	}
}

// entry takes what is no folder.
func (t *tree) entry(root folder, dir int, below string, e fs.DirEntry, found *beside) {
	if f := t.files[below]; f != nil && f.seen == t.scan {
		if t.pathIn(f.dir, below) != t.pathIn(dir, below) { // else one folder is inside the other
			found.lacks(below, "two folders have a file of this name; the one in %s is kept", t.dirs[f.dir].Path)
		}
		return
	}
	info, err := root.info(t.inside(dir, below), e)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		found.lacks(below, "%s", reason(err))
	case e.Type()&fs.ModeSymlink != 0:
		target, err := root.Readlink(t.inside(dir, below))
		if err != nil {
			found.lacks(below, "%s", reason(err))
			break
		}
		found.entries = append(found.entries, layout.File{Path: below, Link: target})
	case !e.Type().IsRegular():
		found.lacks(below, "it is %s", kindOf(e.Type()))
	default:
		f := t.files[below]
		if f == nil {
			f = &file{}
			t.files[below] = f
			t.room.files++
		}
		f.dir = dir
		f.saw(t.scan, time.Now(), info.Size(), info.ModTime().UnixNano(), info.Mode().Perm())
	}
}

// inside is a file's name within one of the folders.
func (t *tree) inside(dir int, below string) string {
	return strings.TrimPrefix(below, t.dirs[dir].As)
}

func (t *tree) pathIn(dir int, below string) string {
	return path.Join(t.dirs[dir].Path, t.inside(dir, below))
}

func skip(e fs.DirEntry) error {
	if e.IsDir() {
		return fs.SkipDir
	}
	return nil
}

func matches(globs []string, name string) bool {
	if len(globs) == 0 {
		return true
	}
	return slices.ContainsFunc(globs, func(glob string) bool {
		ok, err := doublestar.Match(glob, name)
		return ok && err == nil
	})
}

func modeOf(root folder, name string) uint32 {
	info, err := root.Lstat(name)
	if err != nil {
		return 0
	}
	return uint32(info.Mode().Perm())
}

func kindOf(m fs.FileMode) string {
	switch {
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeNamedPipe != 0:
		return "a pipe"
	case m&fs.ModeDevice != 0:
		return "a device"
	}
	return "no file"
}

// reason is an error without the path, which is printed beside it.
func reason(err error) string {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err.Error()
	}
	return err.Error()
}

// emptyFolders finds the folders with nothing in them, of a walk in order.
type emptyFolders map[string]bool

func (e emptyFolders) folder(name string) { e[name] = true }

func (e emptyFolders) entry(name string) { delete(e, path.Dir(name)) }

func (e emptyFolders) names() []string {
	var all []string
	for name := range e {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}
