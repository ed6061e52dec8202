package inputs

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kubevast/vast/internal/gitremote"
	"github.com/kubevast/vast/sdk/spec"
)

// git finds a repository. What the agent would refuse is refused here already.
func (f *finder) git(m mount, w *spec.Workdir) source {
	s := source{git: w.URL, ref: w.Ref}
	remote, err := gitremote.Parse(w.URL)
	if err != nil {
		f.problem(m.field+".url", m.at, err.Error())
	}
	if refErr := gitremote.CheckRef(w.Ref); refErr != nil {
		f.problem(m.field+".ref", m.at, refErr.Error())
	}
	switch {
	case err != nil:
	case remote.Protocol == gitremote.HTTP && f.sets("GIT_TOKEN"):
		f.problem(m.field+".url", m.at, "the token in GIT_TOKEN would go over the network for all to read; write the URL with https://")
	case remote.Protocol == gitremote.SSH:
		s.knownHosts = f.hostKeys(m, remote, w.Ref)
	}
	return s
}

// hostKeys are what this machine knows of a host of which no keys are published:
// whoever has cloned from it here has the line. A host that nobody knows is a
// problem, unless the ref is a commit.
func (f *finder) hostKeys(m mount, remote gitremote.Remote, ref string) []string {
	address := remote.Address()
	published, err := gitremote.ReadHosts(gitremote.Published)
	if err == nil && published.Know(address) {
		return nil
	}
	if mine, err := gitremote.ReadHosts(f.options.knownHosts()); err == nil {
		if lines := mine.Lines(address); len(lines) > 0 {
			return lines
		}
	}
	// What pod_config sets is not known here.
	if !gitremote.IsCommit(ref) && !f.sets(gitremote.EnvKnownHosts) && len(f.task.PodConfig) == 0 {
		f.problem(m.field+".url", m.at, gitremote.Unknown(address))
	}
	return nil
}

// sets reports whether the task gives a variable a value.
func (f *finder) sets(name string) bool {
	return slices.ContainsFunc(slices.Concat(f.task.Envs, f.task.Secrets), func(v spec.EnvVar) bool { return v.Name == name && v.Value != "" })
}

// largestHosts bounds what is read of a known_hosts file.
const largestHosts = 4 << 20

// knownHosts is the user's known_hosts file, without the lines that cannot be
// read; empty where there is none.
func (o Options) knownHosts() string {
	path, err := o.local("~/.ssh/known_hosts")
	if err != nil {
		return ""
	}
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	file, err := os.Open(filepath.Clean(path))
	if err != nil {
		return ""
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, largestHosts))
	if err != nil {
		return ""
	}
	lines := strings.Split(string(data), "\n")
	return strings.Join(slices.DeleteFunc(lines, func(l string) bool { return !gitremote.IsHostLine(l) }), "\n")
}
