package pack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/api"
)

// outer is a folder "in" with a secret beside it, and another way to it.
func outer(t *testing.T, files map[string]string) (dir, in string) {
	t.Helper()
	dir = t.TempDir()
	write(t, dir, map[string]string{"secret": "untouched", "elsewhere/x": "outside", "way -> in": "", "in/": ""})
	in = filepath.Join(dir, "in")
	all := map[string]string{}
	for name, content := range files {
		all[strings.ReplaceAll(name, "DIR", in)] = content
	}
	write(t, in, all)
	return dir, in
}

// listed is what was found: names, and where links lead to.
func listed(entries []Entry) string {
	var b strings.Builder
	for _, e := range entries {
		b.WriteString(e.Name)
		if e.Link != "" {
			b.WriteString(" -> " + e.Link)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestALinkInAFolder(t *testing.T) {
	for name, tc := range map[string]struct {
		files map[string]string
		// want is what is packed, refused what is wrong.
		want, refused string
	}{
		"to the folder itself is kept, and not followed": {
			map[string]string{"loop -> .": "", "a": ""}, "a\nloop -> .\n", ""},
		"to a folder above it in the folder is kept, and not followed": {
			map[string]string{"pkg/ws -> ..": "", "pkg/a": ""}, "pkg\npkg/a\npkg/ws -> ..\n", ""},
		"to a folder is kept, and not followed": {
			map[string]string{"data/x": "", "current -> data": ""}, "current -> data\ndata\ndata/x\n", ""},
		"to a link to a link to a file is kept": {
			map[string]string{"a -> b": "", "b -> c/d": "", "c/d -> ../e": "", "e": ""}, "a -> b\nb -> c/d\nc\nc/d -> ../e\ne\n", ""},
		"to itself is kept": {
			map[string]string{"a -> a": ""}, "a -> a\n", ""},
		"to nothing is kept": {
			map[string]string{"a -> gone": "", ".#a -> me@here.123": ""}, ".#a -> me@here.123\na -> gone\n", ""},
		"by the whole path of a file in the folder becomes relative": {
			map[string]string{"sub/a -> DIR/b": "", "b": ""}, "b\nsub\nsub/a -> ../b\n", ""},
		"by the whole path of the folder becomes relative": {
			map[string]string{"sub/a -> DIR": ""}, "sub\nsub/a -> ..\n", ""},
		"by the whole path of something that is missing in the folder becomes relative": {
			map[string]string{"sub/a -> DIR/build/b": ""}, "sub\nsub/a -> ../build/b\n", ""},
		"by another way to the folder becomes relative": {
			map[string]string{"a -> DIR/../way/b": "", "b": ""}, "a -> b\nb\n", ""},
		"that goes out and comes in again becomes one that stays": {
			map[string]string{"sub/a -> ../../in/b": "", "b": ""}, "b\nsub\nsub/a -> ../b\n", ""},
		"that goes down and up again becomes one that goes there": {
			map[string]string{"sub/c": "", "a -> sub/../b": "", "b": ""}, "a -> b\nb\nsub\nsub/c\n", ""},
		"that goes up behind another link becomes one that goes there": {
			map[string]string{"x/y/z": "", "l -> x/y": "", "a -> l/../w": "", "x/w": ""}, "a -> x/w\nl -> x/y\nx\nx/w\nx/y\nx/y/z\n", ""},
		"with a backslash is kept": {
			map[string]string{`a -> b\c`: "", `b\c`: ""}, "a -> b\\c\nb\\c\n", ""},
		"to a file outside is refused": {
			map[string]string{"s -> ../secret": ""}, "", "in/s: it is a link to ../secret, outside of the folder; put what it leads to in its place, or name it in a .gitignore"},
		"to a folder outside is refused": {
			map[string]string{"sub/s -> ../../elsewhere": ""}, "", "in/sub/s: it is a link to ../../elsewhere, outside"},
		"to the folder above is refused": {
			map[string]string{"up -> ..": ""}, "", "in/up: it is a link to .., outside"},
		"to a system's file is refused": {
			map[string]string{"a -> /etc/passwd": ""}, "", "in/a: it is a link to /etc/passwd, outside"},
		"to nothing outside is refused": {
			map[string]string{"a -> /no/such/file": ""}, "", "in/a: it is a link to /no/such/file, outside"},
		"that goes out behind another link is refused": {
			map[string]string{"l -> sub": "", "sub/x": "", "a -> l/../../secret": ""}, "", "in/a: it is a link to l/../../secret, outside"},
		"that leads out by another link, which is left out, is refused": {
			map[string]string{"l -> ../elsewhere": "", "a -> l/x": "", ".gitignore": "l\n"}, "", "in/a: it is a link to l/x, outside"},
		"to outside is named where a .skyignore counts": {
			map[string]string{"s -> ../secret": "", ".skyignore": "x\n"}, "", "or name it in .skyignore"},
		"to outside is no matter where it is left out": {
			map[string]string{"s -> ../secret": "", ".gitignore": "s\n"}, ".gitignore\n", ""},
		"to outside is reported with all others": {
			map[string]string{"a -> ../secret": "", "b -> /etc": "", "sub/c -> ../..": ""}, "", "in/b: it is a link to /etc"},
		"with a name that is no plain text is quoted": {
			map[string]string{"a\x1b[2J -> ../secret": ""}, "", `in/a\x1b[2J": it is a link to ../secret`},
	} {
		t.Run(name, func(t *testing.T) {
			dir, in := outer(t, tc.files)
			folder, err := Scan(t.Context(), in, ScanOptions{})
			var invalid *api.InvalidSpecError
			if tc.refused != "" {
				if !errors.As(err, &invalid) || !strings.Contains(err.Error(), tc.refused) {
					t.Errorf("error %v, want %q", err, tc.refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, listed(folder.Entries)); diff != "" {
				t.Errorf("entries (-want,+got):\n%s", diff)
			}
			// What is packed is what is unpacked, and leads to the same files.
			var b bytes.Buffer
			if _, err := Write(t.Context(), &b, folder.Entries, WriteOptions{}); err != nil {
				t.Fatal(err)
			}
			out := filepath.Join(t.TempDir(), "out")
			if err := Extract(t.Context(), &b, out, ExtractOptions{}); err != nil {
				t.Fatal(err)
			}
			for _, e := range folder.Entries {
				before, _ := filepath.EvalSymlinks(filepath.Join(in, e.Name))
				after, _ := filepath.EvalSymlinks(filepath.Join(out, e.Name))
				if strings.TrimPrefix(before, in) != strings.TrimPrefix(after, out) {
					t.Errorf("%s led to %s, and leads to %s", e.Name, before, after)
				}
			}
			if data, err := os.ReadFile(filepath.Join(dir, "secret")); err != nil || string(data) != "untouched" {
				t.Errorf("the file outside has changed: %q, %v", data, err)
			}
		})
	}
}

func TestAllLinksThatLeadOutAreReportedUpToALimit(t *testing.T) {
	_, in := outer(t, nil)
	for i := range maxProblems + 7 {
		if err := os.Symlink("/etc", filepath.Join(in, fmt.Sprintf("l%02d", i))); err != nil {
			t.Fatal(err)
		}
	}
	_, err := Scan(t.Context(), in, ScanOptions{})
	var invalid *api.InvalidSpecError
	if !errors.As(err, &invalid) || len(invalid.Problems) != maxProblems+1 {
		t.Fatalf("error %v", err)
	}
	if diff := cmp.Diff("7 more things in "+in+" cannot be packed", invalid.Problems[maxProblems].Message); diff != "" {
		t.Errorf("the last problem (-want,+got):\n%s", diff)
	}
}

func TestAThingThatTakesAFilesPlaceIsNotRead(t *testing.T) {
	for name, place := range map[string]func(file string) error{
		"a link to a file outside": func(file string) error { return os.Symlink("../../secret", file) },
		"a link to a file inside":  func(file string) error { return os.Symlink("other", file) },
		"a pipe":                   func(file string) error { return syscall.Mkfifo(file, 0o644) },
		"a folder":                 func(file string) error { return os.Mkdir(file, 0o755) },
	} {
		for kind, size := range map[string]int{"small": 10, "large": smallFile + 1} {
			t.Run(name+", of a "+kind+" file", func(t *testing.T) {
				_, in := outer(t, map[string]string{"sub/a": strings.Repeat("x", size), "sub/other": "1"})
				folder, err := Scan(t.Context(), in, ScanOptions{})
				if err != nil {
					t.Fatal(err)
				}
				file := filepath.Join(in, "sub", "a")
				if err := errors.Join(os.Remove(file), place(file)); err != nil {
					t.Fatal(err)
				}
				_, err = Write(t.Context(), io.Discard, folder.Entries, WriteOptions{})
				var conflict *api.ConflictError
				if !errors.As(err, &conflict) || !strings.Contains(err.Error(), "in/sub/a changed while it was read") {
					t.Errorf("error %v", err)
				}
			})
		}
	}
	t.Run("a link in the place of the folder that it is in", func(t *testing.T) {
		_, in := outer(t, map[string]string{"sub/x": "1"})
		folder, err := Scan(t.Context(), in, ScanOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.RemoveAll(filepath.Join(in, "sub")), os.Symlink("../elsewhere", filepath.Join(in, "sub"))); err != nil {
			t.Fatal(err)
		}
		if _, err = Write(t.Context(), io.Discard, folder.Entries, WriteOptions{}); err == nil {
			t.Error("a file outside was read")
		}
	})
}

func TestWhatIsTooMuchIsRefused(t *testing.T) {
	t.Run("more files than memory is for", func(t *testing.T) {
		_, in := outer(t, map[string]string{"a": "", "b": "", "c/d": ""})
		w, err := newWalk(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		w.max = 3
		defer w.root.Close()
		want := in + " holds more than 3 files and folders; pack those that are needed into an archive, or copy them from a bucket"
		if err := w.all(ScanOptions{}); err == nil || err.Error() != want {
			t.Errorf("error %v, want %q", err, want)
		}
	})
	t.Run("a path that no program could open", func(t *testing.T) {
		_, in := outer(t, nil)
		root, err := os.OpenRoot(in)
		if err != nil {
			t.Fatal(err)
		}
		for part := strings.Repeat("d", 200); err == nil; { // until the system takes no longer one
			var below *os.Root
			if err = root.Mkdir(part, 0o755); err == nil {
				below, err = root.OpenRoot(part)
			}
			_ = root.Close()
			if root = below; err == nil && len(root.Name()) > 3*maxPath {
				break
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		_ = root.Close()
		_, err = Scan(t.Context(), in, ScanOptions{})
		var invalid *api.InvalidSpecError
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), "its path has 3818 bytes; at most 3800 are possible") {
			t.Errorf("error %.300v", err)
		}
	})
}

// counted is a context that ends when it was asked so many times.
type counted struct {
	context.Context
	left int
}

func (c *counted) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestAScanEndsWithItsContext(t *testing.T) {
	_, in := outer(t, map[string]string{"sub/a": ""})
	for i := range atOnce + 10 {
		if err := os.WriteFile(filepath.Join(in, fmt.Sprint("f", i)), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, o := range map[string]ScanOptions{"of a folder": {}, "of globs": {Globs: []string{"**/*"}}} {
		for asked := range 6 { // one large folder is left in the midst of it
			t.Run(fmt.Sprintf("%s, when it looks for the %d. time", name, asked+1), func(t *testing.T) {
				if _, err := Scan(&counted{t.Context(), asked}, in, o); !errors.Is(err, context.Canceled) {
					t.Errorf("error %v", err)
				}
			})
		}
	}
}

func TestOpenFollowsNoLinkOut(t *testing.T) {
	_, in := outer(t, map[string]string{"a": "1", "l -> a": "", "abs -> DIR/a": "", "out -> ../secret": "", "dir/x": ""})
	for name, want := range map[string]string{
		"a": "", "l": "", "abs": "", "out": "a link leads out of the folder", "../secret": "a link leads out of the folder", "dir": "it is no file", "no": fs.ErrNotExist.Error(),
	} {
		t.Run(name, func(t *testing.T) {
			f, err := Open(in, name)
			if err == nil {
				defer f.Close()
			}
			if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want) && !errors.Is(err, fs.ErrNotExist)) {
				t.Errorf("error %v, want %q", err, want)
			}
		})
	}
}
