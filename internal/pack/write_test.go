package pack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/api"
)

func TestAPackGivesBackWhatWentIn(t *testing.T) {
	dir := t.TempDir()
	long := strings.Repeat("a folder with a long name/", 12) + strings.Repeat("x", 200)
	write(t, dir, map[string]string{
		"a": "1", "run.sh+x": "#!/bin/sh\n", "empty": "", "none/": "", "sub/deep/b": "2", long: "3", "änd/日本": "4", "bad\xffname": "5",
		"link -> sub/deep/b": "", "sub/up -> ../a": "", "dangling -> nowhere": "",
		"large": strings.Repeat("0123456789abcdef", 1<<16), "edge": strings.Repeat("x", smallFile), "beyond": strings.Repeat("y", smallFile+1),
	})
	for name, mode := range map[string]os.FileMode{"a": 0o400, "sub/deep": 0o750, "none": 0o555} {
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	_, data, stat := packed(t, dir)
	if stat.Size != int64(len(data)) {
		t.Errorf("the pack has %d bytes, but %d are reported", len(data), stat.Size)
	}
	out := filepath.Join(t.TempDir(), "new", "folder")
	for range 2 { // doing it again does no harm
		if err := Extract(t.Context(), bytes.NewReader(data), out, ExtractOptions{}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tree(t, dir), tree(t, out)); diff != "" {
			t.Errorf("tree (-packed,+unpacked):\n%s", diff)
		}
	}
}

func TestTheSameFilesGiveTheSamePack(t *testing.T) {
	var first []byte
	for i, procs := range []int{1, 8} {
		dir := t.TempDir()
		files := map[string]string{}
		random := rand.New(rand.NewPCG(1, 2))
		for n := range 300 {
			files[fmt.Sprintf("d%d/f%d", n%7, n)] = strings.Repeat(fmt.Sprint(random.Int()), 1+n*40)
		}
		write(t, dir, files)
		old := time.Unix(int64(i)*1e9, 0)
		if err := os.Chtimes(filepath.Join(dir, "d1", "f1"), old, old); err != nil {
			t.Fatal(err)
		}
		before := runtime.GOMAXPROCS(procs)
		_, data, _ := packed(t, dir)
		runtime.GOMAXPROCS(before)
		if i == 0 {
			first = data
		} else if !bytes.Equal(first, data) {
			t.Error("two packs of the same files differ")
		}
	}
}

func TestAnEmptyFolderIsPackedToo(t *testing.T) {
	_, data, _ := packed(t, t.TempDir())
	out := filepath.Join(t.TempDir(), "out")
	if err := Extract(t.Context(), bytes.NewReader(data), out, ExtractOptions{}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(out); err != nil || !info.IsDir() {
		t.Errorf("the folder is not there: %v", err)
	}
}

func TestTheProgressOfAPackEndsWithAllOfIt(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"a": "12", "b": strings.Repeat("x", 3<<20), "c/": "", "d": ""})
	folder, err := Scan(t.Context(), dir, ScanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	files, bytes, calls := 0, int64(0), 0
	_, err = Write(t.Context(), io.Discard, folder.Entries, WriteOptions{Notify: func(f int, b int64) {
		if f < files || b < bytes {
			t.Errorf("progress decreases: %d files, %d bytes after %d, %d", f, b, files, bytes)
		}
		files, bytes, calls = f, b, calls+1
	}})
	if err != nil || files != 3 || bytes != folder.Bytes || calls != 5 {
		t.Errorf("reported %d files, %d bytes in %d calls; error %v", files, bytes, calls, err)
	}
}

func TestAFileThatChangesWhileItIsReadIsReportedByName(t *testing.T) {
	for name, mend := range map[string]func(f *os.File) error{
		"it shrinks": func(f *os.File) error { return f.Truncate(1 << 20) },
		"it grows":   func(f *os.File) error { _, err := f.WriteAt([]byte("x"), 4<<20); return err },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, map[string]string{"big": strings.Repeat("x", 4<<20)})
			folder, err := Scan(t.Context(), dir, ScanOptions{})
			if err != nil {
				t.Fatal(err)
			}
			f, err := os.OpenFile(filepath.Join(dir, "big"), os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			_, err = Write(t.Context(), io.Discard, folder.Entries, WriteOptions{Notify: func(files int, _ int64) {
				if err := mend(f); files == 0 && err != nil {
					t.Error(err)
				}
			}})
			var conflict *api.ConflictError
			if !errors.As(err, &conflict) || !strings.Contains(err.Error(), "big changed while it was read") {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestAPackEndsWithItsContext(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{}
	for n := range 500 {
		files[fmt.Sprint(n)] = "x"
	}
	write(t, dir, files)
	folder, err := Scan(t.Context(), dir, ScanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err = Write(ctx, io.Discard, folder.Entries, WriteOptions{Notify: func(int, int64) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestAPackOfAMissingFileIsAnError(t *testing.T) {
	_, err := Write(t.Context(), io.Discard, []Entry{{Name: "a", Path: filepath.Join(t.TempDir(), "a")}}, WriteOptions{})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

func TestAWriterThatFailsEndsThePack(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{}
	random := rand.New(rand.NewPCG(3, 4))
	for n := range 200 {
		var b strings.Builder
		for range 1000 {
			fmt.Fprint(&b, random.Int())
		}
		files[fmt.Sprint(n)] = b.String()
	}
	write(t, dir, files)
	folder, err := Scan(t.Context(), dir, ScanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	full := errors.New("the disk is full")
	if _, err := Write(t.Context(), failing{full}, folder.Entries, WriteOptions{}); !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
