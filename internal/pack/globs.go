package pack

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
)

// globs choose files by patterns.
type globs struct {
	patterns []pattern
	// fit are the patterns that a file was found for.
	fit []bool
}

// chosen takes the files that are chosen one by one.
func (w *walk) chosen(o ScanOptions) error {
	w.fix = "choose the files without it"
	g := &globs{fit: make([]bool, len(o.Globs))}
	for _, glob := range o.Globs {
		g.patterns = append(g.patterns, newPattern(glob))
	}
	if len(o.Globs) > 0 {
		if err := w.in("", g); err != nil {
			return err
		}
	}
	for i, fit := range g.fit {
		if !fit {
			w.folder.Unmatched = append(w.folder.Unmatched, i)
		}
	}
	if len(w.links) == 0 && len(o.Files) == 0 {
		return nil
	}
	taken := make(map[string]bool, len(w.folder.Entries))
	for _, e := range w.folder.Entries {
		taken[e.Name] = true
	}
	for _, name := range o.Files {
		if err := w.bring(name, taken, 0); err != nil {
			return err
		}
	}
	for _, name := range slices.Clone(w.links) {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		if err := w.bring(name, taken, 0); err != nil {
			w.broken(name, err)
		}
	}
	return nil
}

// broken reports a link whose target cannot be included.
func (w *walk) broken(name string, err error) {
	to := "something"
	if written, err := w.root.Readlink(name); err == nil {
		to = shown(written)
	}
	switch {
	case errors.Is(err, errOut):
		w.refuse(name, "it is a link that leads out of the folder, by other links; put what it leads to in its place, or "+w.fix)
	case errors.Is(err, errLoop):
		w.refuse(name, fmt.Sprintf("it is a link to %s that leads to nothing: links lead to each other in a circle; fix it, or %s", to, w.fix))
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, errNotDir):
		w.refuse(name, fmt.Sprintf("it is a link to %s, which does not exist; fix it, or %s", to, w.fix))
	default:
		w.refuse(name, fmt.Sprintf("it is a link to %s, which cannot be read: %v; fix that, or %s", to, bare(err), w.fix))
	}
}

func (g *globs) enter(string, string, []found) (chooser, error) { return g, nil }

// ignores reports whether a file is not selected, and whether nothing in a
// folder is.
func (g *globs) ignores(name string, isDir bool) bool {
	if path.Base(name) == ".git" {
		return true // a repository's own, which "*" does not include
	}
	ignored := true
	for i, pattern := range g.patterns {
		switch {
		case isDir:
			ignored = ignored && !pattern.mayFitBelow(name)
		case pattern.fits(name):
			g.fit[i], ignored = true, false
		}
	}
	return ignored
}
