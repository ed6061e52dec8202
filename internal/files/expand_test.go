//go:build unix

package files

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFoldersStandForTheirFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.yaml", "a.yml", "c.json", "notes.txt", "sub/d.yaml", "sub/deep/e.yaml", "empty/x.txt", "[odd].yaml"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"linked.yaml": "notes.txt", "around.yaml": ".", "to": "sub"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	for name, tc := range map[string]struct {
		paths     []string
		recursive bool
		want      string
	}{
		"but not for those below it":      {[]string{"."}, false, "[odd].yaml a.yml b.yaml c.json linked.yaml"},
		"also for those below it":         {[]string{"."}, true, "[odd].yaml a.yml b.yaml c.json linked.yaml sub/d.yaml sub/deep/e.yaml"},
		"where a link leads to them":      {[]string{"to"}, true, "to/d.yaml to/deep/e.yaml"},
		"and patterns for what fits them": {[]string{"[ab].y*ml", "su?"}, false, "a.yml b.yaml sub/d.yaml"},
		"while all else stays":            {[]string{"notes.txt", "-", "https://example.com/*.yaml", "/dev/stdin", "gone", "gone*", "[odd].yaml"}, false, "notes.txt - https://example.com/*.yaml /dev/stdin gone gone* [odd].yaml"},
		"and one without any is refused":  {[]string{"b.yaml", "empty"}, true, "error reading [empty]: recognized file extensions are [.json .yaml .yml]"},
	} {
		t.Run(name, func(t *testing.T) {
			paths, err := Expand(tc.paths, tc.recursive, ".json", ".yaml", ".yml")
			got := strings.Join(paths, " ")
			if err != nil {
				got = strings.TrimPrefix(fmt.Sprint(err), "-: ")
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want,+got):\n%s", diff)
			}
		})
	}
}
