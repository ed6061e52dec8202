// Package inputs brings a task's files from the user's machine: its workdir
// and file_mounts become packs, named by the hash of their content, and the
// orders for the agent that unpacks them in the pods. What is small goes with
// the task, what is larger through the store.
//
// Buckets and git repositories are not touched here: the agent copies them, so
// that a task does not depend on what the user's machine may reach.
package inputs

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// Workdir is where the workdir lies in the user's containers, as in SkyPilot.
const Workdir = "~/sky_workdir"

// Options say where local paths are looked for. The zero value is fine.
type Options struct {
	// Dir is what relative paths count from; empty for the working directory
	// of the program. (As in SkyPilot, it is not the folder of the task file.)
	Dir string
	// Home is what "~" stands for; empty for the user's home.
	Home string
	// Notify, if set, is told how much of the local files has been read, by
	// one goroutine at a time.
	Notify func(api.TransferProgress)
}

// local turns a path of the task file into one of this machine.
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

// Check finds everything that New would refuse, but for what lies in folders. It
// looks which local files there are, and reads none.
func Check(t *spec.Task, o Options) error {
	_, err := find(t, o)
	return err
}
