package keeper

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/layout"
)

// folderOf makes a folder of files; a name that ends in a slash is a folder,
// a content that begins with -> is a link.
func folderOf(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		write(t, filepath.Join(dir, name), content, strings.HasSuffix(name, "/"))
	}
	return dir
}

func write(t *testing.T, path, content string, isDir bool) {
	t.Helper()
	var err error
	if isDir {
		err = os.MkdirAll(path, 0o755)
	} else if err = os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	} else if target, link := strings.CutPrefix(content, "->"); link {
		err = os.Symlink(target, path)
	} else {
		err = os.WriteFile(path, []byte(content), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func namesOf(tr *tree) []string {
	var names []string
	for name := range tr.files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func TestWhatAScanFinds(t *testing.T) {
	t.Parallel()
	files := map[string]string{"a.txt": "a", "d/b.bin": "b", "d/e/": "", "f/g/": "", "d/link": "->../a.txt", "out": "->/etc/passwd"}
	for name, c := range map[string]struct {
		as      string
		match   []string
		more    map[string]string
		files   []string
		entries []string
		missing []layout.Missing
	}{
		"files, links and empty folders": {files: []string{"a.txt", "d/b.bin"}, entries: []string{"d/e", "d/link", "f/g", "out"}},
		"under another name":             {as: "x/", files: []string{"x/a.txt", "x/d/b.bin"}, entries: []string{"x/d/e", "x/d/link", "x/f/g", "x/out"}},
		"what fits a pattern":            {match: []string{"**/*.bin"}, files: []string{"d/b.bin"}},
		"what fits one of two":           {match: []string{"*.txt", "d/l*"}, files: []string{"a.txt"}, entries: []string{"d/link"}},
		"what has the name of our own folder": {more: map[string]string{"_vast/manifest.json": "{}", "d/_vast/x": "x"},
			files: []string{"_vast/manifest.json", "a.txt", "d/_vast/x", "d/b.bin"}, entries: []string{"d/e", "d/link", "f/g", "out"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := folderOf(t, files)
			for name, content := range c.more {
				write(t, filepath.Join(dir, name), content, false)
			}
			tr := newTree("p/", []agentspec.Dir{{Path: dir, As: c.as, Match: c.match}, {Path: filepath.Join(dir, "not there")}}, newRoom())
			found := tr.look()
			var entries []string
			for _, e := range found.entries {
				entries = append(entries, e.Path)
			}
			for what, diff := range map[string]string{"files": cmp.Diff(c.files, namesOf(tr)),
				"entries": cmp.Diff(c.entries, entries), "missing": cmp.Diff(c.missing, found.missing)} {
				if diff != "" {
					t.Errorf("%s: %s", what, diff)
				}
			}
		})
	}
}

// A name in the store is one file's, whatever folders have one of it.
func TestANameThatSeveralFoldersHave(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first, second map[string]string
		dirs          func(first, second string) []agentspec.Dir
		want          map[string]string // in the store, and the links
		missing       string            // F is the first folder
	}{
		"is that of the first": {first: map[string]string{"a": "1"}, second: map[string]string{"a": "2", "b": "2"},
			want: map[string]string{"r/a": "1", "r/b": "2"}, missing: "two folders have a file of this name; the one in F is kept"},
		"is that of the one which fits": {first: map[string]string{"a": "1"}, second: map[string]string{"a": "2"},
			dirs: func(first, second string) []agentspec.Dir {
				return []agentspec.Dir{{Path: first, Match: []string{"b"}}, {Path: second}}
			},
			want: map[string]string{"r/a": "2"}},
		"is the same file where patterns meet": {first: map[string]string{"d/a": "1", "d/l": "->a"},
			dirs: func(first, _ string) []agentspec.Dir {
				return []agentspec.Dir{{Path: first, Match: []string{"d", "d/**"}}, {Path: first, Match: []string{"d/*"}}}
			},
			want: map[string]string{"r/d/a": "1", "d/l": "->a"}},
		"is the same file where one folder is inside the other": {first: map[string]string{"d/a": "1", "d/e/": ""},
			dirs: func(first, _ string) []agentspec.Dir {
				return []agentspec.Dir{{Path: first}, {Path: first + "/d", As: "d/"}}
			},
			want: map[string]string{"r/d/a": "1", "d/e": "->"}},
		"is the file's where another has a link": {first: map[string]string{"a": "->b"}, second: map[string]string{"a": "2"},
			want: map[string]string{"r/a": "2"}, missing: "two folders have something of this name; the file is kept"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, second := folderOf(t, c.first), folderOf(t, c.second)
			dirs := []agentspec.Dir{{Path: first}, {Path: second}}
			if c.dirs != nil {
				dirs = c.dirs(first, second)
			}
			k := keeperInto(t, first)
			k.results[0].tree.dirs = dirs
			puts := &counting{Backend: k.store}
			k.sender.store = puts
			m, err := k.sendResult(t.Context(), k.results[0])
			if err != nil {
				t.Fatal(err)
			}
			got := inStore(t, k)
			if int(puts.n.Load()) != len(got) {
				t.Errorf("%d files were sent for %d objects", puts.n.Load(), len(got))
			}
			for _, f := range m.Files {
				if f.Link != "" || f.Dir {
					got[f.Path] = "->" + f.Link
				}
			}
			var missing []layout.Missing
			if c.missing != "" {
				missing = []layout.Missing{{Path: "a", Reason: strings.Replace(c.missing, "F", first, 1)}}
			}
			if diff := cmp.Diff(c.want, got) + cmp.Diff(missing, m.Missing); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatIsNoFileIsReported(t *testing.T) {
	dir := folderOf(t, map[string]string{"a": "a"})
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir) // a socket's path may not be long
	listener, err := net.Listen("unix", "socket")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	found := newTree("p/", []agentspec.Dir{{Path: dir}}, newRoom()).look()
	want := []layout.Missing{{Path: "pipe", Reason: "it is a pipe"}, {Path: "socket", Reason: "it is a socket"}}
	if diff := cmp.Diff(want, found.missing); diff != "" {
		t.Error(diff)
	}
}

func TestAFileThatIsGoneIsForgotten(t *testing.T) {
	t.Parallel()
	dir := folderOf(t, map[string]string{"a": "a", "b": "b"})
	tr := newTree("p/", []agentspec.Dir{{Path: dir}}, newRoom())
	tr.look()
	if err := os.Remove(filepath.Join(dir, "a")); err != nil {
		t.Fatal(err)
	}
	tr.look()
	if diff := cmp.Diff([]string{"b"}, namesOf(tr)); diff != "" {
		t.Error(diff)
	}
}

// A pod may have very many results, and very many links: the limit is one for all
// that it holds of them.
func TestAllResultsOfAPodShareOneRoom(t *testing.T) {
	t.Parallel()
	first := folderOf(t, map[string]string{"a": "1", "b": "1"})
	for name, c := range map[string]struct {
		second map[string]string
		kept   []string // beside the two of the first
		after  []string // when that is forgotten
	}{
		"of files":                          {map[string]string{"a": "1", "b": "1", "c": "1"}, []string{"a"}, []string{"a", "b", "c"}},
		"of links":                          {map[string]string{"a": "->x", "b": "->x", "c": "->x"}, []string{"a"}, []string{"a", "b", "c"}},
		"of empty folders":                  {map[string]string{"a/": "", "b/": "", "c/": ""}, []string{"a"}, []string{"a", "b", "c"}},
		"not of folders that are not empty": {map[string]string{"a/b/c/d": "1"}, []string{"a/b/c/d"}, []string{"a/b/c/d"}},
		"of all together":                   {map[string]string{"a": "1", "b": "->x", "c/": ""}, []string{"a"}, []string{"a", "b", "c"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &room{max: 3}
			one := newTree("p/", []agentspec.Dir{{Path: first}}, r)
			two := newTree("q/", []agentspec.Dir{{Path: folderOf(t, c.second)}}, r)
			look := func(want []string, missing bool) {
				t.Helper()
				for range 2 { // the same again
					one.look()
					found := two.look()
					got := append(namesOf(two), paths(found.entries)...)
					if diff := cmp.Diff(want, got); diff != "" || missing != (len(found.missing) == 1) {
						t.Errorf("%+v; %s", found.missing, diff)
					}
				}
			}
			look(c.kept, len(c.kept) < len(c.after))
			one.forget()
			one.dirs = nil
			look(c.after, false)
		})
	}
}

// The sidecar's own token and credentials must not be had through it.
func TestNoLinkLeadsOutOfAFolder(t *testing.T) {
	t.Parallel()
	secret := folderOf(t, map[string]string{"token": "secret", "sub/token": "secret"})
	for name, c := range map[string]struct {
		files map[string]string
		dir   string
		open  string
	}{
		"a file that is a link":                {map[string]string{"x": "->" + secret + "/token"}, "", "x"},
		"a folder on the way that is one":      {map[string]string{"x": "->" + secret}, "", "x/token"},
		"the folder itself":                    {map[string]string{"x": "->" + secret}, "x", "token"},
		"a folder above it":                    {map[string]string{"x": "->" + secret}, "x/sub", "token"},
		"a link with dots":                     {map[string]string{"d/x": "->../../" + filepath.Base(filepath.Dir(secret)) + "/" + filepath.Base(secret) + "/token"}, "", "d/x"},
		"a name with dots instead of any link": {map[string]string{"d/": ""}, "d", "../../" + filepath.Base(secret) + "/token"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(folderOf(t, c.files), c.dir)
			root, err := openFolder(dir)
			if err != nil {
				return
			}
			defer root.Close()
			if file, _, err := root.open(c.open); err == nil {
				file.Close()
				t.Error("it was opened")
			}
		})
	}
}

func TestAPipeInAFilesPlaceIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	dir := folderOf(t, nil)
	if err := syscall.Mkfifo(filepath.Join(dir, "x"), 0o644); err != nil {
		t.Fatal(err)
	}
	root, err := openFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if _, _, err := root.open("x"); err == nil {
		t.Error("it was opened")
	}
}

func TestAPipeInAFoldersPlaceIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(folderOf(t, nil), "x")
	if err := syscall.Mkfifo(pipe, 0o644); err != nil {
		t.Fatal(err)
	}
	if root, err := openFolder(pipe); err == nil {
		root.Close()
		t.Error("it was opened")
	}
}
