package uploader

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kubevast/vast/internal/store"
)

// tree makes a folder; a content that begins with -> is a link.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, link := strings.CutPrefix(content, "->"); link {
			err = os.Symlink(target, path)
		} else {
			err = os.WriteFile(path, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestWhatAPreparedFolderBrings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files map[string]string
		want  []store.Upload
		err   string
	}{
		"files under their paths": {files: map[string]string{"campaigns/c/record.json": "{}", "campaigns/c/_config/c.vast": "v"},
			want: []store.Upload{{Key: "campaigns/c/_config/c.vast", Size: 1}, {Key: "campaigns/c/record.json", Size: 2}}},
		"a pack with what it has to be": {files: map[string]string{"inputs/abc": "pack"},
			want: []store.Upload{{Key: "inputs/abc", Size: 4, SHA256: "abc"}}},
		"what Kubernetes makes of a ConfigMap": {files: map[string]string{"..2026/inputs/a": "a", "..data": "->..2026", "inputs": "->..data/inputs"},
			want: []store.Upload{{Key: "inputs/a", Size: 1, SHA256: "a"}}},
		"a link that leads back": {files: map[string]string{"d/up": "->.."}, err: "a link to a folder that contains it"},
		"a link to nothing":      {files: map[string]string{"x": "->nowhere"}, err: "no such file"},
		"nothing":                {err: "has no files"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Find(tree(t, c.files))
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Fatalf("error %v, want %q", err, c.err)
			}
			if diff := cmp.Diff(c.want, got, cmpopts.IgnoreFields(store.Upload{}, "Path")); diff != "" {
				t.Error(diff)
			}
		})
	}
}
