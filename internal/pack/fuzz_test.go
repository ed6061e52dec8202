package pack

import (
	"archive/tar"
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzExtract unpacks anything into a folder in which links lie already, and
// looks whether something happened outside it.
func FuzzExtract(f *testing.F) {
	for _, seed := range [][]tar.Header{
		{file("a", "1"), folder("d"), file("d/b", "2"), link("d/c", "b")},
		{file("../x", "1")}, {file("/x", "1")}, {link("l", ".."), file("l/x", "1")}, {file("out/x", "1")}, {file("in/x", "1")},
		{link("p/q/up", "../.."), link("x", "p/q/up/..")}, {{Typeflag: tar.TypeLink, Name: "b", Linkname: "../secret"}}, {folder("out"), folder(".")},
	} {
		f.Add(tarOf(f, seed...), "")
		f.Add(tarOf(f, seed...), "d")
		f.Add(tarOf(f, seed...), "a")
	}
	f.Fuzz(func(t *testing.T, data []byte, only string) {
		if only != "" && !fs.ValidPath(only) {
			return
		}
		outer := t.TempDir()
		write(t, outer, map[string]string{"secret": "untouched", "in/there/x": "1", "in/out -> ..": "", "in/in -> there": ""})
		dir := filepath.Join(outer, "in")
		if err := os.Remove(filepath.Join(dir, "out")); err != nil { // links that are there lead where they like: only those of the pack are judged
			t.Fatal(err)
		}
		_ = extractTar(t.Context(), bytes.NewReader(data), dir, ExtractOptions{Only: only, Mode: func(_ string, m fs.FileMode) fs.FileMode { return m | 0o700 }})
		staysInside(t, outer, "in")
		inside, err := filepath.EvalSymlinks(dir)
		if err != nil {
			t.Skip("the folder became a file")
		}
		err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.Type()&fs.ModeSymlink == 0 {
				return err
			}
			if to, err := filepath.EvalSymlinks(path); err == nil && to != inside && !strings.HasPrefix(to, inside+"/") {
				t.Errorf("%s leads to %s", path, to)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}
