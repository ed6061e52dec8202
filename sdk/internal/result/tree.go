package result

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/pack"
	"github.com/kubevast/vast/sdk/api"
)

// conflicts looks for what is there with another content, as far as that can be
// seen without reading it: nothing has been fetched then.
func (t *tree) conflicts() error {
	var other []string
	count := 0
	add := func(name string) {
		if count++; count <= named {
			other = append(other, name)
		}
	}
	_ = t.each(func(f file) bool { return !f.log }, func(u *unit, name string, f file) error {
		info, err := t.root.Lstat(name)
		if err != nil {
			return nil // it is not there; other troubles come up later
		}
		if t.same(name, info, f) || t.force && !info.IsDir() {
			return nil
		}
		if info.Mode().IsRegular() && t.notes.before[u] != nil && t.wrote(u, f, t.sumOf(name)) {
			return nil
		}
		add(name)
		return nil
	})
	for _, u := range t.units {
		name := t.folder[u] + "/" + layout.InventoryFile
		if have, err := t.root.ReadFile(name); err == nil && u.inventory != nil && !t.force && !u.wrote(have) {
			add(name)
		}
	}
	if count == 0 {
		return nil
	}
	if count > named {
		other = append(other, fmt.Sprintf("%d more", count-named))
	}
	verb, them := "exists", "it"
	if count > 1 {
		verb, them = "exist", "them"
	}
	return &api.ConflictError{Message: fmt.Sprintf("%s already %s in %s with another content", strings.Join(other, ", "), verb, t.report.Path),
		Remedies: toOverwrite(them)}
}

// same reports that what is there may stay. The content of a file of the same
// size is compared when its turn comes.
func (t *tree) same(name string, info fs.FileInfo, f file) bool {
	switch {
	case f.dir:
		return info.IsDir()
	case f.link != "":
		target, err := t.root.Readlink(name)
		return err == nil && target == f.link
	}
	return info.Mode().IsRegular() && (info.Size() == f.size || f.size < 0)
}

// makeFolders makes the folders that have no files, with their modes.
func (t *tree) makeFolders() error {
	return t.each(isDir, func(_ *unit, name string, f file) error {
		if err := t.root.MkdirAll(name, newDir); err != nil || !t.exact {
			return err
		}
		return t.root.Chmod(name, f.mode)
	})
}

// makeLinks makes the links. They come after the files, so that no file is
// ever written through one of them.
func (t *tree) makeLinks() error {
	return t.each(isLink, func(_ *unit, name string, f file) error {
		if err := t.root.MkdirAll(path.Dir(name), newDir); err != nil {
			return err
		}
		err := t.root.Symlink(f.link, name)
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
		if target, _ := t.root.Readlink(name); target == f.link {
			return nil
		}
		if err := t.root.Remove(name); err != nil {
			return err
		}
		return t.root.Symlink(f.link, name)
	})
}

// writeInventories writes the inventories last, as they were in the store: a result
// on this side is complete when it has one, too.
func (t *tree) writeInventories() error {
	for _, u := range t.units {
		if u.inventory == nil {
			continue
		}
		if err := t.write(t.folder[u]+"/"+layout.InventoryFile, u.inventoryFile()); err != nil {
			return err
		}
	}
	return nil
}

// wrote reports an inventory of this very result: it may have been fetched before
// the last of it, the logs of packed runs, was added.
func (u *unit) wrote(data []byte) bool {
	var m layout.Inventory
	return json.Unmarshal(data, &m) == nil && m.Pod == u.inventory.Pod && m.TaskID == u.inventory.TaskID
}

// inventoryFile is the inventory as a file for people and programs.
func (u *unit) inventoryFile() []byte {
	data, err := json.MarshalIndent(u.inventory, "", "  ")
	if err != nil {
		panic("result: an inventory that was JSON must be so again: " + err.Error())
	}
	return append(data, '\n')
}

// write replaces a small file at once.
func (t *tree) write(name string, data []byte) error {
	if err := t.root.MkdirAll(path.Dir(name), newDir); err != nil {
		return err
	}
	part := name + partSuffix
	if err := t.root.WriteFile(part, data, newFile); err != nil {
		return err
	}
	return t.root.Rename(part, name)
}

// partSuffix marks a file that is not all there.
const partSuffix = ".part"

// leadsOut reports a link that must not be made. An archive may be opened
// anywhere.
func leadsOut(f file, o api.DownloadOptions, sys system) bool {
	return sys.leadsOut(f.path, f.link) || o.Archive != "" && systemOf("windows").leadsOut(f.path, f.link)
}

// leadsOut reports a link that would lead out of the folder of a result. To
// Windows a backslash is a slash, to others it is a character like any other.
func (s system) leadsOut(name, target string) bool {
	if pack.LeadsOut(name, strings.ReplaceAll(target, `\`, "_")) {
		return true
	}
	return s.windows && (strings.Contains(target, ":") || pack.LeadsOut(name, strings.ReplaceAll(target, `\`, "/")))
}
