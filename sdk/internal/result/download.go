package result

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// Download fetches results into a folder or an archive. A file that exists with
// the same content is left as it is, and costs no request to the store; with
// other content it is *api.ConflictError unless o.Force is set, reported before
// anything is fetched where that is possible. A file of an incomplete result
// that an earlier call has written, and that has not been changed since, is
// updated. An interrupted call leaves files that end in .part, which the next
// one continues. Incomplete results are fetched too, and named in the report.
func (c *Client) Download(ctx context.Context, ref string, o api.DownloadOptions) (*api.DownloadReport, error) {
	wanted := api.ResultListOptions{Ref: ref, ResultSelector: o.ResultSelector, AllUsers: o.AllUsers}
	if err := check(wanted); err != nil {
		return nil, err
	}
	switch {
	case o.All && (ref != "" || len(o.Configs) > 0 || len(o.Runs) > 0):
		return nil, api.Invalid("", "name a task or a campaign, or fetch all, not both")
	case o.AllUsers && !o.All:
		return nil, api.InvalidOption("AllUsers", "it is valid only together with All")
	case ref == "" && !o.All:
		return nil, errNoRef()
	}
	if o.Archive != "" {
		if err := checkArchive(o); err != nil {
			return nil, err
		}
	}
	s, done, err := c.session(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	units, err := s.chosen(ctx, wanted)
	if err != nil {
		return nil, err
	}
	if err := s.readLongPaths(ctx, units); err != nil {
		return nil, err
	}
	sys := thisSystem()
	if o.Archive != "" {
		sys = system{} // its system is unknown
	}
	plan := newPlan(units, o, sys)
	if o.Archive != "" {
		return plan.report, s.archive(ctx, plan, o)
	}
	return plan.report, s.tree(ctx, plan, o)
}

// chosen are the results that are to be fetched. Of all of them those of which
// nothing is kept are left out.
func (s *session) chosen(ctx context.Context, o api.ResultListOptions) ([]*unit, error) {
	if o.Ref != "" {
		return s.find(ctx, o, always)
	}
	all, err := s.overview(ctx, o)
	if err != nil {
		return nil, err
	}
	var units []*unit
	looked := map[place]bool{}
	for i := range all {
		p := place{task: all[i].TaskID, rank: -1, campaign: all[i].Campaign, run: -1}
		if p.campaign != "" {
			p.task = ""
		}
		if looked[p] { // several nodes of a task
			continue
		}
		looked[p] = true
		found, err := s.findAt(ctx, p, o, always)
		if err != nil && !isNotFound(err) {
			return nil, err
		}
		units = append(units, found...)
	}
	return units, nil
}

// plan is what is to be fetched, by the path below the folder or in the archive.
type plan struct {
	report *api.DownloadReport
	units  []*unit
	folder map[*unit]string
	files  map[*unit][]file
}

// newPlan gives all files a path in the folder. One that cannot have its own is
// fetched under another, and reported.
func newPlan(units []*unit, o api.DownloadOptions, sys system) *plan {
	p := &plan{units: units, files: map[*unit][]file{},
		report: &api.DownloadReport{TypeMeta: api.TypeMeta[api.DownloadReport](), Path: o.Archive, Results: len(units)}}
	p.folder = folders(units, sys)
	for _, u := range units {
		files := u.files(o.NoLogs)
		kept := files[:0]
		for _, f := range files {
			if f.key != "" && u.inventory != nil && !layout.Regular(f.key) { // others than the agent write inventories, too
				p.report.LeftOut = append(p.report.LeftOut, fmt.Sprintf("%s/%s (no object can have its key)", p.folder[u], f.name))
				continue
			}
			kept = append(kept, f)
		}
		files = kept
		sys.place(files)
		kept = files[:0]
		for _, f := range files {
			switch {
			case f.link != "" && leadsOut(f, o, sys):
				p.report.LeftOut = append(p.report.LeftOut, fmt.Sprintf("%s/%s -> %s", p.folder[u], f.name, f.link))
				continue
			case f.path != f.name:
				p.report.Renamed = append(p.report.Renamed, api.RenamedFile{Result: u.name(), Path: f.name, PathBytes: exact(f.name), To: f.path})
			}
			kept = append(kept, f)
		}
		p.files[u] = kept
		if !u.complete {
			p.report.Incomplete = append(p.report.Incomplete, u.name())
		}
		if u.inventory != nil {
			p.report.Missing += len(u.inventory.Missing)
		}
	}
	return p
}

// tree puts a plan into a folder. Whatever the plan says, nothing is written
// outside of it: all goes through root, and links come last.
func (s *session) tree(ctx context.Context, p *plan, o api.DownloadOptions) error {
	if o.Dir == "" {
		o.Dir = "."
	}
	p.report.Path = o.Dir
	if err := os.MkdirAll(o.Dir, newDir); err != nil {
		return api.Invalid("", "results cannot be put into %s: %v", o.Dir, err)
	}
	root, err := os.OpenRoot(o.Dir)
	if err != nil {
		return api.Invalid("", "results cannot be put into %s: %v", o.Dir, err)
	}
	defer root.Close()
	t := &tree{plan: p, root: root, force: o.Force, exact: o.PreserveModes, notify: o.Notify, parallel: o.Parallel}
	t.readNotes()
	if err := t.conflicts(); err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { return t.fetch(ctx, s.store) }, t.makeFolders, t.makeLinks,
		func() error { return t.fetchLogs(ctx, s.store) }, t.writeInventories, t.dropNotes} {
		if err = step(); err != nil {
			break
		}
	}
	return t.inDir(errors.Join(err, t.writeNotes()))
}

// tree is a folder that is being filled.
type tree struct {
	*plan
	root     *os.Root
	force    bool
	exact    bool // the modes of the pod, not the umask's
	parallel int
	notify   func(api.TransferProgress)
	notes    notes
}

// each calls do for every file that kind chooses, with its path below the root.
func (t *tree) each(kind func(file) bool, do func(u *unit, path string, f file) error) error {
	for _, u := range t.units {
		for _, f := range t.files[u] {
			if kind(f) {
				if err := do(u, t.folder[u]+"/"+f.path, f); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func isData(f file) bool { return f.key != "" && !f.log }
func isLog(f file) bool  { return f.log }
func isLink(f file) bool { return f.link != "" }
func isDir(f file) bool  { return f.dir }

// fetch fetches the files that processes wrote.
func (t *tree) fetch(ctx context.Context, b store.Backend) error {
	var items []store.Download
	_ = t.each(isData, func(u *unit, path string, f file) error {
		item := store.Download{Key: f.key, Path: filepath.FromSlash(path), Size: f.size, SHA256: f.sha256,
			Mode: t.modeOf(f), ExactMode: t.exact, Done: func(sum string, size int64) { t.note(u, f, sum, size) }}
		if t.notes.before[u] != nil {
			item.Replace = func(sum string) bool { return t.wrote(u, f, sum) }
		}
		if have, ok := t.unchanged(u, path, f); ok && f.sha256 == "" {
			item.Size, item.SHA256 = have.Size, have.SHA256 // no request is needed
		}
		items = append(items, item)
		return nil
	})
	if t.hasSizesThatMayChange() {
		for i := range items {
			if items[i].SHA256 == "" {
				items[i].Size = -1 // it may have grown since it was listed
			}
		}
	}
	last := api.TransferProgress{}
	err := store.DownloadAll(ctx, b, items, store.TransferOptions{Parallel: t.parallel, Root: t.root, Overwrite: t.force,
		Notify: func(p api.TransferProgress) {
			last = p
			if t.notify != nil {
				t.notify(p)
			}
		}})
	t.report.Files, t.report.Bytes, t.report.Skipped = last.Files-last.Skipped, last.Bytes-last.SkippedBytes, last.Skipped
	return err
}

// modeOf is what a file is made with: as in git, of the permissions that it had
// only whether it was a program.
func (t *tree) modeOf(f file) fs.FileMode {
	switch {
	case t.exact:
		return f.mode
	case f.mode&executable != 0:
		return newProgram
	}
	return newFile
}

// hasSizesThatMayChange: the files of an incomplete result.
func (t *tree) hasSizesThatMayChange() bool { return len(t.report.Incomplete) > 0 }

// toOverwrite returns what a caller can do about files that are in the way.
func toOverwrite(them string) []api.Remedy {
	return []api.Remedy{{Options: []string{"Force"}, Purpose: "overwrite " + them}, {Options: []string{"Dir"}, Purpose: "name another folder"}}
}

// inDir adds the folder to an error of the file system, and to a conflict what
// can be done about it.
func (t *tree) inDir(err error) error {
	if api.IsConflict(err) && len(api.Remedies(err)) == 0 {
		return &api.ConflictError{Message: err.Error(), Cause: err, Remedies: toOverwrite("it")}
	}
	var pathErr *fs.PathError
	var linkErr *os.LinkError
	if errors.As(err, &pathErr) || errors.As(err, &linkErr) {
		return fmt.Errorf("in folder %s: %w", t.report.Path, err)
	}
	return err
}
