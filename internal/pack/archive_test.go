package pack

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

func TestArchivesAreReadByWhateverReadsTheirKind(t *testing.T) {
	big := strings.Repeat("some text that repeats itself, ", 1<<17)
	for name, open := range map[string]func(io.Reader) (io.Reader, error){
		"x.tar.gz":  func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		"x.tgz":     func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		"x.tar.zst": func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r) },
		"x.tar":     func(r io.Reader) (io.Reader, error) { return r, nil },
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			a, err := ArchiveWriter(&b, name)
			if err != nil {
				t.Fatal(err)
			}
			when := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
			for _, f := range []struct {
				File
				content string
			}{
				{File{Name: "d", Mode: fs.ModeDir | 0o750}, ""},
				{File{Name: "d/big", Mode: 0o600, Size: int64(len(big)), Modified: when}, big},
				{File{Name: "d/empty", Mode: 0o644}, ""},
				{File{Name: "link", Mode: fs.ModeSymlink | 0o777, Link: "d/big"}, ""},
			} {
				if err := a.Add(f.File, strings.NewReader(f.content)); err != nil {
					t.Fatal(err)
				}
			}
			if err := a.Close(); err != nil {
				t.Fatal(err)
			}
			r, err := open(&b)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for entries := tar.NewReader(r); ; {
				h, err := entries.Next()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				content, err := io.ReadAll(entries)
				if err != nil || len(content) > 0 && string(content) != big {
					t.Errorf("%s has another content; error %v", h.Name, err)
				}
				if h.Name == "d/big" && !h.ModTime.Equal(when) {
					t.Errorf("time %v", h.ModTime)
				}
				got = append(got, h.FileInfo().Mode().String()+" "+h.Name+" "+h.Linkname)
			}
			want := []string{"drwxr-x--- d/ ", "-rw------- d/big ", "-rw-r--r-- d/empty ", "Lrwxrwxrwx link d/big"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("entries (-want,+got):\n%s", diff)
			}
		})
	}
}

func TestTheHeaderOfGzipHasNoTime(t *testing.T) {
	var b bytes.Buffer
	a, err := ArchiveWriter(&b, "x.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	if !z.ModTime.IsZero() {
		t.Errorf("it is of %v", z.ModTime)
	}
}

func TestAnArchiveRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		file    File
		content string
		want    string
	}{
		"a file that is larger than given":  {File{Name: "a", Size: 2}, "123", "a is larger than the 2 bytes it was said to have"},
		"a file that is smaller than given": {File{Name: "a", Size: 5}, "123", "a has 3 bytes, 2 less than it was said to have"},
		"a name that goes up":               {File{Name: "../a"}, "", `"../a" is not a path in an archive`},
		"an absolute name":                  {File{Name: "/a"}, "", `"/a" is not a path in an archive`},
		"a device":                          {File{Name: "a", Mode: fs.ModeDevice}, "", "a is a device and cannot go into an archive"},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := ArchiveWriter(io.Discard, "x.tar")
			if err != nil {
				t.Fatal(err)
			}
			if err := a.Add(tc.file, strings.NewReader(tc.content)); err == nil || err.Error() != tc.want {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}

func TestAnArchiveOfAnUnknownKindListsTheKinds(t *testing.T) {
	_, err := ArchiveWriter(io.Discard, "x.zip")
	want := `"x.zip" has no suffix of a kind of archive; end it with .tar.gz, .tgz, .tar.zst or .tar`
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
}
