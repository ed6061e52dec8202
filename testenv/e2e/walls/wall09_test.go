package walls_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What the plugin writes for a user may be read by whom the umask says,
// whatever modes a container gave its files.
func TestWall09FilesFollowTheUmask(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.vast("cluster", "setup", "kind").exits(0)
	p.vast("submit", p.file("task.yaml", `name: modes
resources: {image_id: "busybox:1.36", cpus: 50m, memory: 32Mi}
run: |
  cd "$OUTPUT_DIR" && umask 0
  mkdir empty && chmod 700 empty
  for mode in 600 666 755 4755; do echo x >"of-$mode" && chmod "$mode" "of-$mode"; done
`), "--wait").exits(0)
	campaign := p.file("campaign.vast", `version: 1
metadata: {name: prepared}
configuration: [{name: one}]
execution: {image: "busybox:1.36", runs: 1, command: "true", timeout: 60}
`)
	for _, umask := range []fs.FileMode{0o002, 0o022, 0o077} {
		t.Run(fmt.Sprintf("%03o", umask), func(t *testing.T) {
			p := p.in(t)
			file, program, dir := 0o666&^umask, 0o777&^umask, fs.ModeDir|0o777&^umask
			p.under(umask, "results", "download", "@latest", "--dir=out")
			p.under(umask, "results", "download", "@latest", "--archive=all.tar.gz")
			got := p.modesBelow("out")
			for name := range got {
				if got[name].IsDir() && got[name] == dir { // how many there are is not the matter
					delete(got, name)
				}
			}
			want := map[string]fs.FileMode{"of-600": file, "of-666": file, "of-755": program, "of-4755": program, "manifest.json": file, "task.log": file}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("a folder: %s", diff)
			}
			if info, err := os.Stat(filepath.Join(p.dir, "all.tar.gz")); err != nil || info.Mode() != file {
				t.Errorf("an archive: %v, %v", info, err)
			}
			p.under(umask, "results", "download", "@latest", "--dir=out", "--preserve-modes")
			got = p.modesBelow("out")
			for name, mode := range map[string]fs.FileMode{"of-600": 0o600, "of-666": 0o666, "of-755": 0o755, "of-4755": 0o755, "empty": fs.ModeDir | 0o700} {
				if got[name] != mode {
					t.Errorf("with the pod's modes %s has %v, want %v", name, got[name], mode)
				}
			}
			p.under(umask, "campaign", "prepare", "prepared", "-f", campaign)
			for name, mode := range p.modesBelow("prepared") {
				if mode != file && mode != dir {
					t.Errorf("of a prepared campaign %s has %v", name, mode)
				}
			}
		})
	}
}

// under runs kubectl-vast under a umask, which must succeed.
func (p *person) under(umask fs.FileMode, args ...string) {
	p.Helper()
	shell := exec.CommandContext(p.Context(), "sh", append([]string{"-c", fmt.Sprintf(`umask %03o; exec "$@"`, umask), "sh",
		filepath.Join(bin, "kubectl-vast"), "-n", p.namespace}, args...)...)
	shell.Dir = p.dir
	shell.Env = append(withoutOurs(os.Environ()), "KUBECONFIG="+p.kubeconfig, "VAST_CONFIG_DIR="+filepath.Join(p.dir, "config"))
	if out, err := shell.CombinedOutput(); err != nil {
		p.Fatalf("kubectl-vast %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// modesBelow are the modes of all below a folder of the person's, by the last
// part of their paths.
func (p *person) modesBelow(dir string) map[string]fs.FileMode {
	p.Helper()
	found := map[string]fs.FileMode{}
	err := filepath.WalkDir(filepath.Join(p.dir, dir), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil {
			found[filepath.Base(path)] = info.Mode()
		}
		return err
	})
	if err != nil {
		p.Fatal(err)
	}
	return found
}
