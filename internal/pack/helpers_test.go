package pack

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bmatcuk/doublestar/v4"
)

// write makes a folder of paths and contents: "a/" is an empty folder,
// "a -> b" a link, and "a+x" an executable file.
func write(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		var err error
		file, target, link := strings.Cut(name, " -> ")
		file, executable := strings.CutSuffix(file, "+x")
		full := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		switch {
		case link:
			err = os.Symlink(target, full)
		case strings.HasSuffix(file, "/"):
			err = os.MkdirAll(full, 0o755)
		case executable:
			err = os.WriteFile(full, []byte(content), 0o755)
		default:
			err = os.WriteFile(full, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// tree lists a folder: each path with mode and content.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || file == dir {
			return err
		}
		name, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		content := ""
		switch {
		case d.Type()&fs.ModeSymlink != 0:
			content, err = os.Readlink(file)
			out[name] = "-> " + content
			return err
		case d.Type().IsRegular():
			data, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			content = " " + string(data)
		}
		out[name] = fmt.Sprint(info.Mode(), content)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// packed scans and packs a folder.
func packed(t testing.TB, dir string) (*Folder, []byte, Stat) {
	t.Helper()
	folder, err := Scan(t.Context(), dir, ScanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	stat, err := Write(t.Context(), &b, folder.Entries, WriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return folder, b.Bytes(), stat
}

func names(entries []Entry) string {
	var b strings.Builder
	for _, e := range entries {
		b.WriteString(e.Name)
		b.WriteByte('\n')
	}
	return b.String()
}

// globbed is what doublestar itself finds.
func globbed(t testing.TB, dir, pattern string) string {
	t.Helper()
	found, err := doublestar.Glob(os.DirFS(dir), pattern, doublestar.WithFilesOnly())
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(found)
	var b strings.Builder
	for _, name := range found {
		b.WriteString(name + "\n")
	}
	return b.String()
}
