//go:build unix

package result

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
)

// umask sets that of the process, which no test of this package shares with
// another at a time.
func umask(t *testing.T, mask int) {
	before := syscall.Umask(mask)
	t.Cleanup(func() { syscall.Umask(before) })
}

// modesOf are the permissions of all files below a folder.
func modesOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		name, _ := filepath.Rel(dir, path)
		found[name] = info.Mode().String()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// inPod has files with other permissions than a user's: a pod is root often.
func inPod() kept {
	k := task("aaaabbbb", 0, succeeded, map[string]string{"plain": "1", "secret": "2", "open": "3", "program": "4", "mine": "5"})
	k.more = []layout.File{{Path: "folder", Dir: true, Mode: 0o711}}
	k.change = func(m *layout.Inventory) {
		modes := map[string]uint32{"plain": 0o644, "secret": 0o400, "open": 0o666, "program": 0o755, "mine": 0o4700}
		for i := range m.Files {
			if mode, ok := modes[m.Files[i].Path]; ok {
				m.Files[i].Mode = mode
			}
		}
	}
	return k
}

func TestWhatIsDownloadedHasThePermissionsOfTheUmask(t *testing.T) {
	for name, tc := range map[string]struct {
		mask               int
		file, program, dir string
	}{
		"nothing is taken":             {0, "-rw-rw-rw-", "-rwxrwxrwx", "drwxrwxrwx"},
		"others may read":              {0o022, "-rw-r--r--", "-rwxr-xr-x", "drwxr-xr-x"},
		"a group shares":               {0o007, "-rw-rw----", "-rwxrwx---", "drwxrwx---"},
		"only the owner":               {0o077, "-rw-------", "-rwx------", "drwx------"},
		"without the right to execute": {0o133, "-rw-r--r--", "-rw-r--r--", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.keep(inPod())
			dir := filepath.Join(t.TempDir(), "out")
			if tc.dir == "" { // in a folder that cannot be entered nothing can be written but by root
				if os.Geteuid() != 0 {
					t.Skip("only root writes into a folder that it cannot enter")
				}
				tc.dir = "drw-r--r--"
			}
			umask(t, tc.mask)
			if _, err := w.Download(t.Context(), "aaaabbbb", api.DownloadOptions{Dir: dir}); err != nil {
				t.Fatal(err)
			}
			p := "train-aaaabbbb/0"
			want := map[string]string{
				".": tc.dir, "train-aaaabbbb": tc.dir, p: tc.dir, p + "/folder": tc.dir,
				p + "/plain": tc.file, p + "/secret": tc.file, p + "/open": tc.file, p + "/program": tc.program, p + "/mine": tc.program,
				p + "/_vast": tc.dir, p + "/_vast/manifest.json": tc.file, p + "/_vast/logs": tc.dir, p + "/_vast/logs/task.log": tc.file,
			}
			if diff := cmp.Diff(want, modesOf(t, dir)); diff != "" {
				t.Error(diff)
			}
			archive := filepath.Join(t.TempDir(), "a.tar.gz")
			if _, err := w.Download(t.Context(), "aaaabbbb", api.DownloadOptions{Archive: archive}); err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(archive); err != nil || info.Mode().String() != tc.file {
				t.Errorf("the archive: %v, %v", info.Mode(), err)
			}
		})
	}
}

func TestThePodsPermissionsAreKeptOnRequest(t *testing.T) {
	w := newWorld(t)
	w.keep(inPod())
	dir := t.TempDir()
	umask(t, 0o077)
	o := api.DownloadOptions{Dir: dir}
	// What is there already gets them, too.
	for _, preserve := range []bool{false, true} {
		o.PreserveModes = preserve
		if _, err := w.Download(t.Context(), "aaaabbbb", o); err != nil {
			t.Fatal(err)
		}
	}
	p := "train-aaaabbbb/0/"
	got := modesOf(t, dir)
	for name, want := range map[string]string{
		"plain": "-rw-r--r--", "secret": "-r--------", "open": "-rw-rw-rw-", "program": "-rwxr-xr-x",
		"mine": "-rwx------", "folder": "drwx--x--x",
	} {
		if got[p+name] != want {
			t.Errorf("%s is %s, want %s", name, got[p+name], want)
		}
	}
}
