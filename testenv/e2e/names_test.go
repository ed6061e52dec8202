package e2e_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
)

// What the real store makes of names shows only there.
func TestEveryNameThatLinuxAllowsIsRestored(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	s := p.withStore()
	id := p.submit(`
resources: {image_id: 'docker:busybox:1.36', cpus: 20m, memory: 32Mi}
run: |
  cd "$OUTPUT_DIR"
  deep=$(printf 'd%.0s' $(seq 250))
  mkdir -p .sgwtmp _vast "$(printf 'dir\002')" "$deep/$deep/$deep/$deep/$deep"
  for name in 'back\slash' "$(printf 'a\001b')" "$(printf '\033[31m')" "$(printf 'not\377utf8')" .sgwtmp/x _vast/manifest.json \
    "$(printf 'dir\002')/f" '%5C' "$(printf 'line\nbreak')" "$deep/$deep/$deep/$deep/$deep/end"; do
    printf x >"$name"
  done
  mkfifo pipe
`)
	p.vast("wait", id).exits(0)
	p.manifest(s, id, 0)
	deep := strings.Repeat(strings.Repeat("d", 250)+"/", 5) + "end"
	want := []string{"\x1b[31m", "%5C", "%5Fvast/manifest.json", ".sgwtmp/x", "_vast/logs/task.log", "_vast/manifest.json", "a\x01b", `back\slash`,
		deep, "dir\x02/f", "line\nbreak", "not\xffutf8"}

	out := filepath.Join(p.dir, "out")
	p.vast("results", "download", id, "--dir", out).exits(0).prints("_vast/manifest.json is %5Fvast/manifest.json")
	nodes, err := filepath.Glob(filepath.Join(out, "*", "0"))
	if err != nil || len(nodes) != 1 {
		t.Fatal(nodes, err)
	}
	var got []string
	err = fs.WalkDir(os.DirFS(nodes[0]), ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			got = append(got, name)
		}
		return err
	})
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	show := p.vast("results", "show", id).exits(0).shows(`a\x01b`, `\x1b[31m`, "not kept: it is a pipe")
	if strings.ContainsAny(show.stdout, "\x01\x1b") {
		t.Errorf("%q", show.stdout)
	}

	// What an older program, or another one, has left there goes as well.
	for _, name := range []string{"old\x01", "old\x02", "old\x03/x"} {
		if _, err := s.Put(t.Context(), layout.NodePrefix(id, 0)+name, strings.NewReader("x"), 1, store.PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	p.vast("results", "delete", id, "-y").exits(0)
	for o, err := range s.List(t.Context(), layout.TaskPrefix(id), store.ListOptions{}) {
		t.Errorf("%q is left, %v", o.Key, err)
	}
	p.vast("results", "show", id).exits(3)
}
