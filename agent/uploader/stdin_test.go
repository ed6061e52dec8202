package uploader

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func archive(t *testing.T, entries ...*tar.Header) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range entries {
		h.Mode = 0o644
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len(h.Name))
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := w.Write([]byte(h.Name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

func TestAnArchiveOnStdinIsFoundLikeAFolder(t *testing.T) {
	dir := t.TempDir()
	in := archive(t, &tar.Header{Name: "./", Typeflag: tar.TypeDir}, &tar.Header{Name: "./inputs/aa", Typeflag: tar.TypeReg},
		&tar.Header{Name: "campaigns/c/_config/a.vast", Typeflag: tar.TypeReg})
	if err := Unpack(in, dir); err != nil {
		t.Fatal(err)
	}
	items, err := Find(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int64{}
	for _, item := range items {
		got[item.Key] = item.Size
	}
	want := map[string]int64{"inputs/aa": 11, "campaigns/c/_config/a.vast": 26}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want,+got):\n%s", diff)
	}
}

func TestNothingInAnArchiveLeavesItsFolder(t *testing.T) {
	for name, in := range map[string]*bytes.Buffer{
		"a path upwards":     archive(t, &tar.Header{Name: "a/../../b", Typeflag: tar.TypeReg}),
		"an absolute path":   archive(t, &tar.Header{Name: "/b", Typeflag: tar.TypeReg}),
		"a link":             archive(t, &tar.Header{Name: "b", Linkname: "..", Typeflag: tar.TypeSymlink}),
		"a hard link":        archive(t, &tar.Header{Name: "b", Linkname: "/etc/passwd", Typeflag: tar.TypeLink}),
		"half of an archive": bytes.NewBuffer(archive(t, &tar.Header{Name: strings.Repeat("b", 90), Typeflag: tar.TypeReg}).Bytes()[:550]),
	} {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			dir := filepath.Join(parent, "in")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := Unpack(in, dir); err == nil {
				t.Error("it is taken")
			}
			if _, err := os.Lstat(filepath.Join(parent, "b")); err == nil {
				t.Error("a file is outside")
			}
		})
	}
}
