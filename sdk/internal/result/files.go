package result

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
)

// file is one thing of a result, as it is to be on this side.
type file struct {
	// name is relative to the unit's folder, of any bytes. path is what it is
	// on this side; see system.place.
	name, path string
	// key of its object; empty for a link and a folder.
	key    string
	size   int64
	sha256 string
	// mode are the permissions that it had in the pod.
	mode fs.FileMode
	// modified is when the object was written; zero for the files of an
	// inventory, which ended with the result.
	modified time.Time
	link     string
	dir      bool
	// log: its lines begin with their time, which is taken off.
	log bool
}

const (
	// plainFile and plainDir are the permissions in an archive of what has none
	// in the store.
	plainFile = 0o644
	plainDir  = 0o755
	// newFile, newProgram and newDir are what is asked of this system, which takes
	// the umask's part of it.
	newFile    = 0o666
	newProgram = 0o777
	newDir     = 0o777
	// executable are the bits of which one makes a file a program.
	executable = 0o111
)

// files are the files of a result, by its inventory; without one the objects in
// the store. Logs are omitted on request.
func (u *unit) files(noLogs bool) []file {
	if u.inventory == nil {
		return u.saved(noLogs)
	}
	var out []file
	for _, f := range u.inventory.Files {
		out = append(out, fileOf(f, u.prefix, "", plainFile))
	}
	if noLogs {
		return out
	}
	for _, f := range u.inventory.Logs {
		log := fileOf(f, u.inventory.LogPrefix, layout.LogDir, plainFile)
		log.log = true
		out = append(out, log)
	}
	return out
}

func fileOf(f layout.File, prefix, below string, mode fs.FileMode) file {
	out := file{name: below + f.Path, size: f.Size, sha256: f.SHA256, link: f.Link, dir: f.Dir, mode: fs.FileMode(f.Mode).Perm()}
	if f.Dir {
		mode = plainDir
	}
	if out.mode == 0 {
		out.mode = mode
	}
	if f.Link == "" && !f.Dir {
		out.key = prefix + f.ObjectKey()
	}
	return out
}

// saved are the files that an incomplete result has so far.
func (u *unit) saved(noLogs bool) []file {
	var out []file
	for _, o := range u.objects {
		key := strings.TrimPrefix(o.Key, u.prefix)
		f := file{name: layout.FilePath(key), key: o.Key, size: o.Size, mode: plainFile, modified: o.Modified,
			log: strings.HasPrefix(key, layout.LogDir)}
		switch {
		case f.log && noLogs:
			continue
		case f.log:
			f.name = key
		case layout.IsLongKey(key):
			f.name = cmp.Or(u.long[key], key)
		case strings.HasPrefix(key, layout.Own), key == "":
			continue
		case strings.HasSuffix(key, "/"): // some programs mark folders so
			f = file{name: strings.TrimSuffix(f.name, "/"), dir: true, mode: plainDir}
		}
		out = append(out, f)
	}
	return out
}

// countsAsFile reports an object of an incomplete result that saved makes a file
// of, and that is no log.
func (u *unit) countsAsFile(o store.Object) bool {
	key := strings.TrimPrefix(o.Key, u.prefix)
	return layout.IsLongKey(key) || !strings.HasPrefix(key, layout.Own) && !strings.HasSuffix(key, "/") && key != ""
}

// maxPath is more than any system takes for a path, in bytes.
const maxPath = 64 << 10

// readLongPaths reads the paths of files whose keys do not contain them, of
// units without an inventory.
func (s *session) readLongPaths(ctx context.Context, units []*unit) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	var one sync.Mutex
	for _, u := range units {
		if u.inventory != nil {
			continue
		}
		u.long = map[string]string{}
		for _, o := range u.objects {
			key := layout.LongKeyOf(strings.TrimPrefix(o.Key, u.prefix))
			if key == "" {
				continue
			}
			group.Go(func() error {
				body, _, err := s.store.Get(ctx, o.Key, 0)
				if isNotFound(err) {
					return nil
				}
				if err != nil {
					return err
				}
				defer body.Close()
				name, err := io.ReadAll(io.LimitReader(body, maxPath))
				if err == nil && layout.LongKey(string(name)) == key {
					one.Lock()
					defer one.Unlock()
					u.long[key] = string(name)
				}
				return err
			})
		}
	}
	return group.Wait()
}

// folders says where each unit goes below the folder or archive that is asked for:
// "<campaign>/<config>/<run>" or "<task name>-<id>/<rank>".
func folders(units []*unit, sys system) map[*unit]string {
	tasks := map[string]string{}
	for _, u := range units {
		if u.Campaign == "" && u.Job != "" {
			tasks[u.TaskID] = u.Job
		}
	}
	out, taken := make(map[*unit]string, len(units)), make(map[string]bool, len(units))
	for _, u := range units {
		folder := fmt.Sprintf("%s/%s/%d", u.Campaign, u.Config, u.Run)
		if u.Campaign == "" {
			name := tasks[u.TaskID]
			if name == "" {
				name = kube.JobName(u.job.name, u.TaskID)
			}
			folder = fmt.Sprintf("%s/%d", name, u.Rank)
		}
		wanted := sys.path(folder, false)
		out[u] = wanted
		for n := 2; taken[sys.same(out[u])]; n++ {
			out[u] = numbered(wanted, n)
		}
		taken[sys.same(out[u])] = true
	}
	return out
}
