package result

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/keep"
	"github.com/kubevast/vast/sdk/kube"
)

// file is one thing of a result, as it is to be on this side.
type file struct {
	// name is relative to the unit's folder.
	name string
	// key of its object; empty for a link and a folder.
	key    string
	size   int64
	sha256 string
	mode   fs.FileMode
	// modified is when the object was written; zero for what a manifest tells
	// of, which ended with the whole.
	modified time.Time
	link     string
	dir      bool
	// log: its lines begin with their time, which is taken off.
	log bool
}

const (
	plainFile = 0o644
	plainDir  = 0o755
)

// files are what a result consists of, by its manifest; without one what lies
// in the store. Logs are left out on request.
func (u *unit) files(noLogs bool) []file {
	if u.manifest == nil {
		return u.saved(noLogs)
	}
	var out []file
	for _, f := range u.manifest.Files {
		out = append(out, fileOf(f, u.prefix, "", plainFile))
	}
	if noLogs {
		return out
	}
	for _, f := range u.manifest.Logs {
		log := fileOf(f, u.manifest.LogPrefix, keep.LogDir, plainFile)
		log.log = true
		out = append(out, log)
	}
	return out
}

func fileOf(f keep.File, prefix, below string, mode fs.FileMode) file {
	out := file{name: below + f.Path, size: f.Size, sha256: f.SHA256, link: f.Link, dir: f.Dir, mode: fs.FileMode(f.Mode).Perm()}
	if f.Dir {
		mode = plainDir
	}
	if out.mode == 0 {
		out.mode = mode
	}
	if f.Link == "" && !f.Dir {
		out.key = prefix + f.Path
	}
	return out
}

// saved are the files that an incomplete result has so far.
func (u *unit) saved(noLogs bool) []file {
	var out []file
	for _, o := range u.objects {
		name := strings.TrimPrefix(o.Key, u.prefix)
		log := strings.HasPrefix(name, keep.LogDir)
		if strings.HasPrefix(name, keep.Own) && (!log || noLogs) {
			continue
		}
		out = append(out, file{name: name, key: o.Key, size: o.Size, mode: plainFile, modified: o.Modified, log: log})
	}
	return out
}

// check refuses names that are no paths below the unit's folder, and those below
// something that is no folder: what lies below a link would be made where that
// points to, and a link made there leads to other places than its name says. A
// manifest is written in a pod that runs a user's program.
func (u *unit) check(files []file) error {
	leaves := make(map[string]bool, len(files))
	for _, f := range files {
		if !f.dir {
			leaves[f.name] = true
		}
	}
	for _, f := range files {
		if !fs.ValidPath(f.name) || f.name == "." || strings.ContainsAny(f.name, "\\\x00") || path.Clean(f.name) != f.name {
			return api.Invalid("", "result %s has a file %q, which would not lie in its folder; nothing was fetched", u.name(), f.name)
		}
		for above := path.Dir(f.name); above != "."; above = path.Dir(above) {
			if leaves[above] {
				return api.Invalid("", "result %s has a file %q below %q, which is no folder; nothing was fetched", u.name(), f.name, above)
			}
		}
	}
	return nil
}

// folders says where each unit goes below the folder or archive that is asked for:
// "<campaign>/<config>/<run>" or "<task name>-<id>/<rank>".
func folders(units []*unit) (map[*unit]string, error) {
	tasks := map[string]string{}
	for _, u := range units {
		if u.Campaign == "" && u.Job != "" {
			tasks[u.TaskID] = u.Job
		}
	}
	out := make(map[*unit]string, len(units))
	for _, u := range units {
		folder := fmt.Sprintf("%s/%s/%d", u.Campaign, u.Config, u.Run)
		if u.Campaign == "" {
			name := tasks[u.TaskID]
			if name == "" {
				name = kube.JobName(u.job.name, u.TaskID)
			}
			folder = fmt.Sprintf("%s/%d", name, u.Rank)
		}
		if !fs.ValidPath(folder) || strings.ContainsAny(folder, "\\\x00") {
			return nil, api.Invalid("", "result %s has no name that a folder can have (%q); nothing was fetched", u.name(), folder)
		}
		out[u] = folder
	}
	return out, nil
}
