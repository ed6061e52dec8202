//go:build unix

package files

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestWhatIsMadeBesideHasThePermissionsOfTheUmask(t *testing.T) {
	before := syscall.Umask(0o027)
	defer syscall.Umask(before)
	dir := t.TempDir()
	path := filepath.Join(dir, "results.tar.gz")
	file, err := CreateBeside(path, ".part")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	folder, err := MkdirBeside(dir, "prepared")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{file.Name(): "-rw-r-----", folder: "drwxr-x---"} {
		info, err := os.Lstat(name)
		if err != nil || info.Mode().String() != want || filepath.Dir(name) != dir || !strings.HasPrefix(filepath.Base(name), ".") {
			t.Errorf("%s: %v, %v; want %s in %s", name, info.Mode(), err, want, dir)
		}
	}
	if _, err := CreateBeside(filepath.Join(dir, "none", "x"), ""); err == nil {
		t.Error("a folder that is not there must be an error")
	}
}
