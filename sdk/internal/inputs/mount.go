package inputs

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// mount is one input of a task and its target.
type mount struct {
	field string // "workdir", "file_mounts[/data]"
	at    spec.Position
	// target is clean: absolute, or below "~".
	target  string
	sources []source
}

// source is the source of a mount: one of local, uri and git is set.
type source struct {
	local string // absolute
	file  bool   // local is one
	uri   string
	git   string
	ref   string
	// knownHosts are the local known_hosts lines of git's host.
	knownHosts []string
	// field and at are its position in the task file.
	field string
	at    spec.Position
	// to is its target below that of its mount; empty for that itself.
	to string
}

// place is a directory or a file that is mounted into the containers, with all its
// content, outer entries first.
type place struct {
	path    string
	file    bool
	workdir bool
	sources []source
}

// finder collects the problems of a task file.
type finder struct {
	task     *spec.Task
	options  Options
	problems []api.Problem
}

func (f *finder) problem(field string, at spec.Position, message string) {
	f.problems = append(f.problems, api.Problem{File: f.task.Source.File, Line: at.Line, Column: at.Column, Path: field, Message: message})
}

// find finds all inputs of a task and sorts them into places.
func find(t *spec.Task, o Options) ([]place, error) {
	f := &finder{task: t, options: o}
	var mounts []mount
	if t.Workdir != nil {
		m := mount{field: "workdir", at: t.Workdir.At, target: Workdir}
		m.sources = f.workdir(m)
		mounts = append(mounts, m)
	}
	for _, fm := range t.FileMounts {
		m := mount{field: "file_mounts[" + fm.Path + "]", at: fm.At}
		var ok bool
		m.target, ok = f.target(m, fm.Path)
		if fm.Storage != nil {
			m.sources = f.storage(m, fm.Storage)
		} else {
			m.sources = f.source(m, fm.Source)
		}
		if ok {
			mounts = append(mounts, m)
		}
	}
	places := f.places(mounts)
	if len(f.problems) > 0 {
		return nil, inOrder(f.problems)
	}
	return places, nil
}

// inOrder returns problems in the order of the task file.
func inOrder(problems []api.Problem) error {
	slices.SortStableFunc(problems, func(a, b api.Problem) int {
		return cmp.Or(a.Line-b.Line, a.Column-b.Column)
	})
	return &api.InvalidSpecError{Problems: problems}
}

// target returns the target of a file mount: a relative path is below the workdir, as in
// SkyPilot.
func (f *finder) target(m mount, written string) (target string, ok bool) {
	target = path.Clean(written)
	of := func(dir string) bool { return target == dir || strings.HasPrefix(target, dir+"/") }
	message := ""
	switch {
	case slices.Contains(strings.Split(written, "/"), ".."):
		message = `a path in the task cannot hold ".."`
	case target == "/" || target == "." || target == "~":
		message = "this would hide all that is there already; name a path below it"
	case slices.ContainsFunc(kernelFolders, of):
		message = strings.Join(kernelFolders, ", ") + " belong to the system; choose another path"
	case path.IsAbs(target) || strings.HasPrefix(target, "~/"):
	case strings.HasPrefix(target, "~"):
		message = `the home of another user is not known; write "~/..." or an absolute path`
	default:
		target = Workdir + "/" + target
	}
	if message != "" {
		f.problem(m.field, m.at, message)
	}
	return target, message == ""
}

// kernelFolders cannot be targets.
var kernelFolders = []string{"/proc", "/sys", "/dev"}

// places joins nested mounts. Mounts below the workdir are joined even if the task has
// no workdir.
func (f *finder) places(mounts []mount) []place {
	inside := func(m mount) bool { return strings.HasPrefix(m.target, Workdir+"/") }
	has := func(m mount) bool { return m.target == Workdir }
	if slices.ContainsFunc(mounts, inside) && !slices.ContainsFunc(mounts, has) {
		mounts = append(mounts, mount{target: Workdir})
	}
	// Outer ones come before those inside them.
	slices.SortStableFunc(mounts, func(a, b mount) int { return strings.Compare(a.target, b.target) })
	var places []place
	for _, m := range mounts {
		var outer *place
		for i := range places {
			if m.target == places[i].path || strings.HasPrefix(m.target, places[i].path+"/") {
				outer = &places[i]
			}
		}
		switch {
		case outer == nil:
			p := place{path: m.target, workdir: m.target == Workdir, sources: m.sources}
			p.file = len(m.sources) == 1 && m.sources[0].file && m.sources[0].to == ""
			places = append(places, p)
		case m.target == outer.path:
			f.problem(m.field, m.at, "something else goes to "+m.target+" already")
		case outer.file:
			f.problem(m.field, m.at, outer.path+" is a file; nothing can lie below it")
		default:
			below := strings.TrimPrefix(m.target, outer.path+"/")
			for _, s := range m.sources {
				s.to = path.Join(below, s.to)
				f.overlap(m, s, outer.sources)
				outer.sources = append(outer.sources, s)
			}
		}
	}
	return places
}

// overlap reports a source with the target of another one of its place, or below a
// file.
func (f *finder) overlap(m mount, s source, others []source) {
	for _, o := range others {
		switch {
		case o.to == s.to:
			f.problem(m.field, m.at, "something else goes to "+m.target+" already")
		case o.file && strings.HasPrefix(s.to, o.to+"/"):
			f.problem(m.field, m.at, "a file goes to "+o.to+" in the same folder; nothing can lie below it")
		}
	}
}
