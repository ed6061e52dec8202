package result

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
)

// untar is the content of an archive, in the form of treeOf.
func untar(t *testing.T, path string) map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if !h.ModTime.Equal(ended.Truncate(1e9)) {
			t.Errorf("%s is of %v", h.Name, h.ModTime)
		}
		name, mode := strings.TrimSuffix(h.Name, "/"), fs.FileMode(h.Mode).Perm().String()
		switch {
		case h.Typeflag == tar.TypeSymlink:
			found[name] = "-> " + h.Linkname
		case h.Typeflag == tar.TypeDir:
			found[name] = "empty " + mode
		case strings.HasSuffix(name, layout.InventoryFile):
			found[name] = "inventory"
		default:
			found[name] = mode + " " + string(data)
		}
	}
}

// times are those of an archive's members, by name.
func times(t *testing.T, path string) map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	found := map[string]string{}
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		found[h.Name] = h.ModTime.UTC().Format(time.DateTime)
	}
}

func TestWhatIsInAnArchiveIsAsOldAsInTheStore(t *testing.T) {
	w := newWorld(t)
	cut := task("aaaabbbb", 0, layout.Outcome{}, map[string]string{"a": "1", "sub/b": "2"})
	cut.incomplete = true
	whole := task("aaaabbbb", 1, succeeded, map[string]string{"a": "1"})
	odd := task("aaaabbbb", 2, succeeded, map[string]string{"a": "1"})
	odd.more = []layout.File{{Path: "link", Link: "a"}}
	odd.change = func(m *layout.Inventory) { m.Ended = time.Time{} }
	w.keep(cut, whole, odd)
	at := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	w.age(at)
	o := api.DownloadOptions{Archive: filepath.Join(t.TempDir(), "out.tar")}
	if _, err := w.Download(t.Context(), "aaaabbbb", o); err != nil {
		t.Fatal(err)
	}
	saved, over := at.Format(time.DateTime), ended.Format(time.DateTime)
	want := map[string]string{"0/a": saved, "0/sub/b": saved, "0/_vast/logs/task.log": saved,
		"1/a": over, "1/_vast/logs/task.log": over, "1/_vast/manifest.json": over,
		"2/a": saved, "2/link": saved, "2/_vast/logs/task.log": saved, "2/_vast/manifest.json": saved}
	got := map[string]string{}
	for name, when := range times(t, o.Archive) {
		got[strings.TrimPrefix(name, "train-aaaabbbb/")] = when
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("times (-want,+got):\n%s", diff)
	}
}

func TestArchiveHoldsWhatATreeDoes(t *testing.T) {
	w := newWorld(t)
	k := rich()
	large := strings.Repeat("0123456789", 300_000)
	k.files["large"] = large
	k.log = strings.Repeat("2026-03-01T12:00:00Z a line of a long log\n", 60_000)
	w.keep(k)
	dir := t.TempDir()
	o := api.DownloadOptions{Archive: filepath.Join(dir, "out.tar.gz")}
	if _, err := w.Download(t.Context(), "aaaabbbb", o); err != nil {
		t.Fatal(err)
	}
	want := wantRich("")
	want["train-aaaabbbb/0/large"] = "-rw-r----- " + large
	// An archive has the permissions of the pod.
	want["train-aaaabbbb/0/a/b.txt"], want["train-aaaabbbb/0/empty"] = "-rw-r----- 12345", "-rw-r----- "
	want["train-aaaabbbb/0/none/here"] = "empty -rwxr-x---"
	want["train-aaaabbbb/0/_vast/logs/task.log"] = "-rw-r--r-- " + strings.Repeat("a line of a long log\n", 60_000)
	if diff := cmp.Diff(want, untar(t, o.Archive)); diff != "" {
		t.Errorf("%.2000s", diff)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("%d files are left", len(left))
	}
	var conflict *api.ConflictError
	if _, err := w.Download(t.Context(), "aaaabbbb", o); !errors.As(err, &conflict) {
		t.Errorf("a second time: %v", err)
	}
	o.Archive = filepath.Join(dir, "x.zip")
	var invalid *api.InvalidSpecError
	if _, err := w.Download(t.Context(), "aaaabbbb", o); !errors.As(err, &invalid) {
		t.Errorf("an unknown kind: %v", err)
	}
}

func TestAnArchiveHoldsNothingButTheFilesOfTheInventory(t *testing.T) {
	large := strings.Repeat("0123456789", 300_000)
	for name, tc := range map[string]struct{ before, after string }{
		"a small file of another size":    {"12345", "1"},
		"a small file of the same size":   {"12345", "54321"},
		"a large file of the same size":   {large, "x" + large[1:]},
		"a large file of another size":    {large, large + "x"},
		"a file that has become a longer": {"12345", large},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.keep(task("aaaabbbb", 0, succeeded, map[string]string{"f": tc.before}))
			w.put(layout.NodePrefix("aaaabbbb", 0)+"f", tc.after)
			dir := t.TempDir()
			_, err := w.Download(t.Context(), "aaaabbbb", api.DownloadOptions{Archive: filepath.Join(dir, "out.tar.gz")})
			var conflict *api.ConflictError
			if !errors.As(err, &conflict) || !strings.Contains(err.Error(), "train-aaaabbbb/0/f has ") {
				t.Errorf("error %v", err)
			}
			if left, _ := os.ReadDir(dir); len(left) != 0 {
				t.Errorf("%v are left", left)
			}
		})
	}
}

func TestAnArchiveThatIsBrokenOffLeavesNothing(t *testing.T) {
	w := newWorld(t)
	files := map[string]string{}
	for i := range 200 {
		files[fmt.Sprint("f", i)] = "content"
	}
	w.keep(task("aaaabbbb", 0, succeeded, files))
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	_, err := w.Download(ctx, "aaaabbbb", api.DownloadOptions{Archive: filepath.Join(dir, "out.tar.gz"),
		Notify: func(p api.TransferProgress) {
			if p.Files == 50 {
				cancel()
			}
		}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("%v are left", left)
	}
}
