//go:build unix

package prepare

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/kubevast/vast/sdk/api"
)

func TestAPreparedFolderHasThePermissionsOfTheUmask(t *testing.T) {
	before := syscall.Umask(0o027)
	defer syscall.Umask(before)
	dir := filepath.Join(t.TempDir(), "out", "sweep")
	tree, err := newTree(dir, false, api.DryRunNone)
	if err != nil {
		t.Fatal(err)
	}
	if err := tree.file("jobs/1.yaml", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := tree.keep(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"": "drwxr-x---", "jobs": "drwxr-x---", "jobs/1.yaml": "-rw-r-----", "..": "drwxr-x---"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().String() != want {
			t.Errorf("%q: %v, %v; want %s", name, info.Mode(), err, want)
		}
	}
}
