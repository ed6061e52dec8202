package archives

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/kubevast/vast/internal/share/dir"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// entry is one of an archive. A name that ends in a slash is a folder.
type entry struct {
	name, content, link string
	mode                int64
	kind                byte
}

func archiveOf(t testing.TB, name string, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: e.mode, Size: int64(len(e.content)), Linkname: e.link, Typeflag: e.kind}
		switch {
		case h.Typeflag != 0:
			h.Size = 0
		case strings.HasSuffix(e.name, "/"):
			h.Typeflag = tar.TypeDir
		case e.link != "":
			h.Typeflag = tar.TypeSymlink
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	switch {
	case strings.HasSuffix(name, ".gz"):
		z := gzip.NewWriter(&out)
		_, _ = z.Write(b.Bytes()) // a buffer takes everything
		_ = z.Close()
	case strings.HasSuffix(name, ".zst"):
		z, err := zstd.NewWriter(&out)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = z.Write(b.Bytes())
		_ = z.Close()
	}
	return out.Bytes()
}

// newShare is a share of type dir with files.
func newShare(t testing.TB, files map[string][]byte) (share.ShareProvider, string) {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(root, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p, err := dir.Definition().Open(t.Context(), share.Settings{"VAST_SHARE_PATH": root})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p, root
}

func names(objects []share.Object) []string {
	var out []string
	for _, o := range objects {
		out = append(out, o.Name)
	}
	return out
}

// unlisted is a share that cannot be listed.
type unlisted struct{ share.ShareProvider }

func (unlisted) List(context.Context) iter.Seq2[share.Object, error] {
	return func(yield func(share.Object, error) bool) {
		yield(share.Object{}, &api.NotSupportedError{Message: "the server lists no folders"})
	}
}

func TestWhichArchivesARefNames(t *testing.T) {
	t.Parallel()
	const a, b, c = "sweep-2026-11-21-101500.tar.gz", "sweep-2026-11-22-101500.tar.zst", "grow-2026-11-20-101500.tar.gz"
	p, _ := newShare(t, map[string][]byte{a: nil, b: nil, c: nil, "task-x7k2m9qa.tgz": nil, "notes.txt": nil})
	for ref, want := range map[string][]string{
		a: {a}, "sweep-2026-11-21-101500": {a}, "sweep-*": {a, b}, "*.tar.gz": {c, a}, "grow": {c}, "sweep-2026-11-22": {b}, "@latest": {b},
		"task": {"task-x7k2m9qa.tgz"}, "notes.txt": {"notes.txt"}, "sweep": nil, "nothing": nil, "nothing-*": nil, "[a": nil,
	} {
		found, err := Find(t.Context(), p, []string{ref})
		if got := names(found); !slices.Equal(got, want) || (err == nil) != (want != nil) {
			t.Errorf("%q names %v, %v", ref, got, err)
		}
	}
	all, err := List(t.Context(), p, false)
	if got := names(all); err != nil || len(got) != 4 {
		t.Errorf("the list is %v, %v", got, err)
	}
	for ref, want := range map[string][]string{a: {a}, "sweep-2026-11-22-101500": {b}, "sweep-*": nil, "sweep": nil} {
		found, err := Find(t.Context(), unlisted{p}, []string{ref})
		if got := names(found); !slices.Equal(got, want) || (err == nil) != (want != nil) {
			t.Errorf("without a list %q names %v, %v", ref, got, err)
		}
	}
}

func fetch(t testing.TB, p share.ShareProvider, name string, o FetchOptions) ([]string, error) {
	t.Helper()
	found, err := Find(t.Context(), p, []string{name})
	if err != nil {
		t.Fatal(err)
	}
	return Fetch(t.Context(), p, found[0], o)
}

func entriesOf(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestAnArchiveIsUnpacked(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"c.tar.gz", "c.tar.zst"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _ := newShare(t, map[string][]byte{name: archiveOf(t, name, entry{name: "c/", mode: 0o500}, entry{name: "c/run", content: "#!", mode: 0o4755}, entry{name: "c/data", content: "data", mode: 0o666}, entry{name: "c/link", link: "data"})})
			out := filepath.Join(t.TempDir(), "new", "out")
			made, err := fetch(t, p, "c", FetchOptions{Dir: out})
			if err != nil || !slices.Equal(made, []string{"c"}) || !slices.Equal(entriesOf(t, out), []string{"c"}) {
				t.Fatalf("%v, %v, %v", made, err, entriesOf(t, out))
			}
			for file, mode := range map[string]os.FileMode{"run": 0o755, "data": 0o644, ".": os.ModeDir | 0o700} {
				if info, err := os.Stat(filepath.Join(out, "c", file)); err != nil || info.Mode() != mode {
					t.Errorf("%s: %v, %v", file, info.Mode(), err)
				}
			}
			if data, err := os.ReadFile(filepath.Join(out, "c", "link")); err != nil || string(data) != "data" {
				t.Errorf("the link: %q, %v", data, err)
			}
			if _, err := fetch(t, p, "c", FetchOptions{Dir: out}); !api.IsConflict(err) {
				t.Errorf("a second time: %v", err)
			}
			if err := os.WriteFile(filepath.Join(out, "c", "mine"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := fetch(t, p, "c", FetchOptions{Dir: out, Force: true, KeepArchive: true}); err != nil || !slices.Equal(entriesOf(t, out), []string{"c", name}) {
				t.Errorf("by force: %v, %v", err, entriesOf(t, out))
			}
			if _, err := os.Stat(filepath.Join(out, "c", "mine")); err == nil {
				t.Error("by force the folder was not replaced")
			}
		})
	}
}

func TestADangerousArchiveIsRefused(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	for name, e := range map[string][]entry{
		"a path upwards":         {{name: "../evil", content: "x", mode: 0o644}},
		"an absolute path":       {{name: "/evil", content: "x", mode: 0o644}},
		"a link upwards":         {{name: "c/link", link: "../../evil"}},
		"an absolute link":       {{name: "c/link", link: outside}},
		"through a link":         {{name: "c/link", link: "."}, {name: "c/link/evil", content: "x", mode: 0o644}},
		"a hard link":            {{name: "c/hard", link: "/etc/passwd", kind: tar.TypeLink}},
		"a device":               {{name: "c/null", kind: tar.TypeChar, mode: 0o666}},
		"a pipe":                 {{name: "c/pipe", kind: tar.TypeFifo, mode: 0o666}},
		"a name that would hide": {{name: "c/./../../evil", content: "x", mode: 0o644}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _ := newShare(t, map[string][]byte{"c.tar.gz": archiveOf(t, "c.tar.gz", e...)})
			parent := t.TempDir()
			out := filepath.Join(parent, "out")
			if _, err := fetch(t, p, "c", FetchOptions{Dir: out}); !api.IsInvalidSpec(err) {
				t.Errorf("the error is %v", err)
			}
			if got := entriesOf(t, out); !slices.Equal(got, []string{"c.tar.gz"}) || !slices.Equal(entriesOf(t, parent), []string{"out"}) {
				t.Errorf("it leaves %v beside %v", got, entriesOf(t, parent))
			}
		})
	}
}

func TestADamagedArchiveIsNotUnpacked(t *testing.T) {
	t.Parallel()
	good := archiveOf(t, "c.tar.gz", entry{name: "c/data", content: strings.Repeat("data", 1000), mode: 0o644})
	for name, content := range map[string][]byte{"half": good[:len(good)/2], "another checksum": append(slices.Clone(good[:len(good)-8]), make([]byte, 8)...), "a page": []byte("<html>log in</html>")} {
		t.Run(name, func(t *testing.T) {
			p, _ := newShare(t, map[string][]byte{"c.tar.gz": content})
			out := t.TempDir()
			if _, err := fetch(t, p, "c", FetchOptions{Dir: out}); err == nil {
				t.Error("there is no error")
			}
			if _, err := os.Stat(filepath.Join(out, "c")); err == nil {
				t.Error("a part is there under the name of the whole")
			}
		})
	}
}

func TestTryLeavesNothing(t *testing.T) {
	t.Parallel()
	p, root := newShare(t, nil)
	for _, c := range Try(t.Context(), p) {
		if c.Outcome != api.CheckOK {
			t.Errorf("%+v", c)
		}
	}
	outcomes := func(p share.ShareProvider) string {
		var all []string
		for _, c := range Try(t.Context(), p) {
			all = append(all, string(c.Outcome))
		}
		return strings.Join(all, " ")
	}
	if got := outcomes(unlisted{p}); got != "OK OK OK Warning OK OK" {
		t.Errorf("of a share without lists: %s", got)
	}
	if got := outcomes(unreadable{p}); got != "OK OK OK OK Failed OK" {
		t.Errorf("of a share that returns nothing: %s", got)
	}
	if left := entriesOf(t, root); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

type unreadable struct{ share.ShareProvider }

func (unreadable) Download(context.Context, string, io.WriterAt, share.DownloadOptions) (share.Object, error) {
	return share.Object{}, errors.New("reading is refused")
}
