package prepare

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
)

func TestAPreparedFolderReplacesNothingElse(t *testing.T) {
	write := func(t *testing.T, path, content string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	old, err := manifestText(record.Object(&layout.Record{Version: 1, ID: "old-2026-11-20-090000"}))
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		there     map[string]string
		overwrite bool
		refused   string
	}{
		"it is not there":         {nil, false, ""},
		"it is empty":             {map[string]string{}, false, ""},
		"something else is in it": {map[string]string{"a": "mine"}, false, "was not written by campaign prepare"},
		"something else is in it, and Overwrite is set":   {map[string]string{"a": "mine"}, true, "was not written by campaign prepare"},
		"another file of that name, and Overwrite is set": {map[string]string{campaignFileName: "kind: ConfigMap\n"}, true, "was not written by campaign prepare"},
		"an earlier campaign":                             {map[string]string{campaignFileName: string(old)}, false, "already has a prepared campaign"},
		"an earlier campaign, and Overwrite is set":       {map[string]string{campaignFileName: string(old), "jobs/old.yaml": "a"}, true, ""},
		"a file is in its place, also with force":         {nil, true, "cannot be read as a folder"},
	} {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			dir := filepath.Join(parent, "out")
			if tt.there != nil {
				if err := os.Mkdir(dir, 0o700); err != nil {
					t.Fatal(err)
				}
			}
			if strings.HasPrefix(name, "a file is") {
				write(t, dir, "mine")
			}
			for file, content := range tt.there {
				write(t, filepath.Join(dir, file), content)
			}
			tree, err := newTree(dir, tt.overwrite, api.DryRunNone)
			if tt.refused != "" {
				if invalid, ok := err.(*api.InvalidSpecError); !ok || !strings.Contains(invalid.Error(), tt.refused) {
					t.Fatalf("%T %v", err, err)
				}
				for file, content := range tt.there {
					if data, err := os.ReadFile(filepath.Join(dir, file)); err != nil || string(data) != content {
						t.Errorf("%s has %q now, %v", file, data, err)
					}
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := tree.file("jobs/new.yaml", []byte("new")); err != nil {
				t.Fatal(err)
			}
			if err := tree.keep(); err != nil {
				t.Fatal(err)
			}
			tree.discard()
			if names := below(t, parent); names != "out/jobs/new.yaml" {
				t.Errorf("there is now: %s", names)
			}
		})
	}
}

func TestWhatIsNotKeptLeavesNothing(t *testing.T) {
	parent := t.TempDir()
	tree, err := newTree(filepath.Join(parent, "a", "out"), false, api.DryRunNone)
	if err != nil {
		t.Fatal(err)
	}
	if err := tree.file("x", nil); err != nil {
		t.Fatal(err)
	}
	tree.discard()
	if names := below(t, parent); names != "" {
		t.Errorf("there is now: %s", names)
	}
}

// below are the files below a folder.
func below(t *testing.T, dir string) string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			name, _ := filepath.Rel(dir, path) // it is below
			names = append(names, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, " ")
}
