package fetcher

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/kubevast/vast/sdk/orders"
)

// The image says late as whom it runs, so that is whose all becomes.
func TestWhatIsBroughtBelongsToTheImagesUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	dir, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "elsewhere")
	for path, text := range map[string]string{filepath.Join(dir, "owner"): "1234:567\n", elsewhere: "not brought"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(elsewhere, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	o := orders.Fetch{OwnerFile: filepath.Join(dir, "owner"), Items: []orders.Item{{Text: "x", To: filepath.Join(dir, "0/deep/file")}}}
	if err := (&Fetcher{}).Fetch(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][2]uint32{"0": {1234, 567}, "0/deep/file": {1234, 567}, "link": {1234, 567}, elsewhere: {0, 0}} {
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		if s := info.Sys().(*syscall.Stat_t); [2]uint32{s.Uid, s.Gid} != want {
			t.Errorf("%s belongs to %d:%d, want %v", path, s.Uid, s.Gid, want)
		}
	}
	if info, err := os.Lstat(filepath.Join(dir, "owner")); err != nil || info.Mode() != fs.FileMode(0o600) {
		t.Errorf("modes stay: %v %v", info.Mode(), err)
	}
}

func TestNobodyIsNamedAsTheOwner(t *testing.T) {
	dir := t.TempDir()
	o := orders.Fetch{OwnerFile: filepath.Join(dir, "owner"), Items: []orders.Item{{Text: "x", To: filepath.Join(dir, "0")}}}
	if err := (&Fetcher{}).Fetch(t.Context(), o); err != nil {
		t.Errorf("no file: %v", err)
	}
	if err := os.WriteFile(o.OwnerFile, []byte("root"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := (&Fetcher{}).Fetch(t.Context(), o); err == nil || !strings.Contains(err.Error(), "root") {
		t.Errorf("no numbers: %v", err)
	}
}
