// Package inputs uploads a task's local files: its workdir and file_mounts become packs,
// named by the hash of their content, and instructions for the agent that unpacks them
// in the pods. Small packs go into a ConfigMap, larger ones into the store.
//
// Buckets and Git repositories are not read here: the agent copies them, so that a task
// does not depend on the user's network.
package inputs

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// Workdir is the path of the workdir in the user's containers, as in SkyPilot.
const Workdir = "~/sky_workdir"

// Options configure where local paths are resolved. The zero value is valid.
type Options struct {
	// Dir is the base of relative paths; empty for the working directory of the
	// program. (As in SkyPilot, it is not the directory of the task file.)
	Dir string
	// Home replaces "~"; empty for the user's home directory.
	Home string
	// Notify, if set, is called with how much of the local files has been read, by one
	// goroutine at a time.
	Notify func(api.TransferProgress)
}

// local returns the local path of a path in the task file.
func (o Options) local(p string) (string, error) {
	if rest, home := strings.CutPrefix(p, "~"); home && (rest == "" || rest[0] == '/') {
		dir := o.Home
		if dir == "" {
			var err error
			if dir, err = os.UserHomeDir(); err != nil {
				return "", err
			}
		}
		return filepath.Join(dir, filepath.FromSlash(rest)), nil
	}
	p = filepath.FromSlash(p)
	if !filepath.IsAbs(p) {
		p = filepath.Join(o.Dir, p)
	}
	return filepath.Abs(p)
}

// Check returns the problems that New would return, except for the content of
// directories. It checks which local files exist, and reads none.
func Check(t *spec.Task, o Options) error {
	_, err := find(t, o)
	return err
}
