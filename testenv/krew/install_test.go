// Package krew installs both plugins with krew itself, from archives as a release has them,
// without a network: an index in a local repository, archives from a server on this machine.
package krew

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/kubevast/vast/testenv/internal/cache"
	"github.com/kubevast/vast/testenv/internal/gobuild"
)

// repository is the root of the repository.
const repository = "../.."

// built returns the folder with the programs of a module, which is compiled once.
func built(t *testing.T, module gobuild.Module) string {
	t.Helper()
	artefact, err := module.Artefact("..")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := cache.Open()
	if err != nil {
		t.Fatal(err)
	}
	programs, err := dir.Get(t.Context(), artefact, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	return programs
}

// machine is a place with kubectl and krew, and nothing installed.
type machine struct {
	*testing.T
	home, index string
	environment []string
}

// newMachine returns a machine. The test is skipped in files that are no repository, from which
// no release is built.
func newMachine(t *testing.T) *machine {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "git", "-C", repository, "log", "-1", "--format=%H").CombinedOutput(); err != nil {
		t.Skipf("git cannot read the repository: %v: %s", err, out)
	}
	m := &machine{T: t, home: t.TempDir(), index: filepath.Join(t.TempDir(), "index")}
	bin := filepath.Join(m.home, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	krew := built(t, gobuild.Krew)
	for name, target := range map[string]string{
		"kubectl":                filepath.Join(built(t, gobuild.Kubernetes), "kubernetes"),
		"kubectl-krew":           filepath.Join(krew, "kubectl-krew"),
		"validate-krew-manifest": filepath.Join(krew, "validate-krew-manifest"),
	} {
		if err := os.Symlink(target, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	root := filepath.Join(m.home, "krew")
	m.environment = append(os.Environ(),
		"HOME="+m.home, "KUBECONFIG="+filepath.Join(m.home, "none"), "KREW_ROOT="+root, "KREW_NO_UPGRADE_CHECK=1", "KREW_DEFAULT_INDEX_URI="+m.index,
		"PATH="+strings.Join([]string{filepath.Join(root, "bin"), bin, os.Getenv("PATH")}, string(filepath.ListSeparator)),
		"GIT_AUTHOR_NAME=test", "GIT_AUTHOR_EMAIL=test@example.com", "GIT_COMMITTER_NAME=test", "GIT_COMMITTER_EMAIL=test@example.com")
	if err := os.MkdirAll(filepath.Join(m.index, "plugins"), 0o755); err != nil {
		t.Fatal(err)
	}
	m.runs("git", "-C", m.index, "init", "-q", "-b", "master")
	return m
}

// run runs a command and returns what it printed.
func (m *machine) run(argv ...string) (string, error) {
	cmd := exec.CommandContext(m.Context(), argv[0], argv[1:]...)
	for _, entry := range m.environment { // exec.Command looks in the PATH of the test
		if path, is := strings.CutPrefix(entry, "PATH="); is {
			for _, dir := range filepath.SplitList(path) {
				if at, err := exec.LookPath(filepath.Join(dir, argv[0])); err == nil {
					cmd.Path, cmd.Err = at, nil
					break
				}
			}
		}
	}
	cmd.Env = m.environment
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// runs is run for what must succeed.
func (m *machine) runs(argv ...string) string {
	m.Helper()
	out, err := m.run(argv...)
	if err != nil {
		m.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
	return out
}

// clone clones the repository into a folder of its own.
func (m *machine) clone() string {
	m.Helper()
	from, err := filepath.Abs(repository)
	if err != nil {
		m.Fatal(err)
	}
	dir := filepath.Join(m.TempDir(), "clone")
	m.runs("git", "clone", "-q", "--depth=1", "file://"+from, dir)
	return dir
}

// publish puts the manifests of a release into the index.
func (m *machine) publish(dist string) {
	m.Helper()
	manifests, err := filepath.Glob(filepath.Join(dist, "krew", "*.yaml"))
	if err != nil || len(manifests) != 2 {
		m.Fatalf("manifests: %v, %v", manifests, err)
	}
	for _, file := range manifests {
		text, err := os.ReadFile(file)
		if err != nil {
			m.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(m.index, "plugins", filepath.Base(file)), text, 0o600); err != nil {
			m.Fatal(err)
		}
	}
	m.runs("git", "-C", m.index, "add", ".")
	m.runs("git", "-C", m.index, "commit", "-q", "-m", "release")
	m.runs("kubectl", "krew", "update")
}

// version returns what a plugin reports, through kubectl.
func (m *machine) version(plugin string) string {
	m.Helper()
	out := m.runs("kubectl", plugin, "version", "--client", "-o", "json")
	var v struct {
		ClientVersion struct{ GitVersion string }
	}
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		m.Fatalf("%v: %s", err, out)
	}
	return v.ClientVersion.GitVersion
}

// release builds a release of this machine's platform in a folder of the repository's
// files.
func release(ctx context.Context, t *testing.T, folder, version, base string) string {
	t.Helper()
	dist := filepath.Join(t.TempDir(), "dist")
	cmd := exec.CommandContext(ctx, "go", "run", "./krew/release", "-version", version, "-out", dist, "-base", base, "-sbom=false",
		"-platforms", runtime.GOOS+"/"+runtime.GOARCH, "-ldflags", "-s -w -X github.com/kubevast/vast/internal/cli.gitVersion="+version)
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dist
}

func TestBothPluginsAreInstalledUpgradedAndUninstalled(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	folders := http.NewServeMux()
	server := httptest.NewServer(folders)
	t.Cleanup(server.Close)
	dist := map[string]string{}
	for _, version := range []string{"v0.1.0", "v0.2.0-rc.1"} {
		dist[version] = release(t.Context(), t, repository, version, server.URL+"/"+version)
		folders.Handle("/"+version+"/", http.StripPrefix("/"+version+"/", http.FileServer(http.Dir(dist[version]))))
	}
	m.publish(dist["v0.1.0"])
	for _, plugin := range []string{"vast", "vastvol"} {
		m.runs("validate-krew-manifest", "-manifest", filepath.Join(dist["v0.1.0"], "krew", plugin+".yaml"))
		if out := m.runs("kubectl", "krew", "install", plugin); !strings.Contains(out, "kubectl "+plugin+" completion --install") {
			t.Errorf("krew prints no caveats:\n%s", out)
		}
		if got := m.version(plugin); got != "v0.1.0" {
			t.Errorf("kubectl %s has version %s", plugin, got)
		}
		for _, file := range []string{"LICENSE", "NOTICE"} {
			if _, err := os.Stat(filepath.Join(m.home, "krew", "store", plugin, "v0.1.0", file)); err != nil {
				t.Error(err)
			}
		}
	}
	m.publish(dist["v0.2.0-rc.1"])
	m.runs("kubectl", "krew", "upgrade")
	for _, plugin := range []string{"vast", "vastvol"} {
		if got := m.version(plugin); got != "v0.2.0-rc.1" {
			t.Errorf("after the upgrade kubectl %s has version %s", plugin, got)
		}
		m.runs("kubectl", "krew", "uninstall", plugin)
		if out, err := m.run("kubectl", plugin, "version"); err == nil {
			t.Errorf("kubectl %s runs after it was uninstalled:\n%s", plugin, out)
		}
	}
	// The repository is an index of its own with the manifests in its folder plugins.
	clone := m.clone()
	for _, plugin := range []string{"vast", "vastvol"} {
		text, err := os.ReadFile(filepath.Join(dist["v0.1.0"], "krew", plugin+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(clone, "plugins", plugin+".yaml"), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m.runs("git", "-C", clone, "add", "plugins")
	m.runs("git", "-C", clone, "commit", "-q", "-m", "release")
	m.runs("kubectl", "krew", "index", "add", "own", clone)
	m.runs("kubectl", "krew", "install", "own/vast")
	if got := m.version("vast"); got != "v0.1.0" {
		t.Errorf("kubectl vast of the repository's index has version %s", got)
	}
}

func TestACommitGivesTheSameArchivesInEveryFolder(t *testing.T) {
	t.Parallel()
	const version = "v0.1.0"
	m := newMachine(t)
	var sums [2][]byte
	for i := range sums {
		var err error
		if sums[i], err = os.ReadFile(filepath.Join(release(t.Context(), t, m.clone(), version, ""), "checksums.txt")); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(sums[0], sums[1]) || bytes.Count(sums[0], []byte("\n")) != 2 {
		t.Errorf("checksums differ:\n%s\n%s", sums[0], sums[1])
	}
}
