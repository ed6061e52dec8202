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

// git finds a repository. It rejects what the agent would reject.
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

// hostKeys returns the local known_hosts lines of a host without published keys. A host
// without any is a problem, unless the ref is a commit.
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
	// Variables of pod_config are not considered.
	if !gitremote.IsCommit(ref) && !f.sets(gitremote.EnvKnownHosts) && len(f.task.PodConfig) == 0 {
		f.problem(m.field+".url", m.at, gitremote.Unknown(address))
	}
	return nil
}

// sets reports whether the task gives a variable a value.
func (f *finder) sets(name string) bool {
	return slices.ContainsFunc(slices.Concat(f.task.Envs, f.task.Secrets), func(v spec.EnvVar) bool { return v.Name == name && v.Value != "" })
}

// largestHosts bounds the size of a known_hosts file.
const largestHosts = 4 << 20

// knownHosts returns the user's known_hosts file without invalid lines; empty for none.
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
