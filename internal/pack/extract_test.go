package pack

import (
	"archive/tar"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/kubevast/vast/sdk/api"
)

// tarOf is a tar of headers; the content of a file is its Uname.
func tarOf(t testing.TB, headers ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		content := h.Uname
		h.Uname, h.Size = "", int64(len(content))
		if h.Mode == 0 {
			h.Mode = 0o644
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func compressed(t testing.TB, data []byte) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return z.EncodeAll(data, nil)
}

func file(name, content string) tar.Header {
	return tar.Header{Typeflag: tar.TypeReg, Name: name, Uname: content}
}

func link(name, target string) tar.Header {
	return tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target}
}

func folder(name string) tar.Header {
	return tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o755}
}

func TestAPackThatLeavesItsFolderIsRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		there map[string]string
		pack  []tar.Header
		want  string
	}{
		"a name that goes up":                     {nil, []tar.Header{file("../x", "1")}, `"../x" is not a path inside the folder`},
		"a name that goes up later":               {nil, []tar.Header{file("a/../../x", "1")}, "is not a path inside the folder"},
		"an absolute name":                        {nil, []tar.Header{file("/etc/x", "1")}, "is not a path inside the folder"},
		"the name of the folder itself as a file": {nil, []tar.Header{file(".", "1")}, "is not a path inside the folder"},
		"an absolute link":                        {nil, []tar.Header{link("x", "/etc")}, `"x" is a link that leads out of the folder, to "/etc"`},
		"a link that goes up":                     {nil, []tar.Header{link("a/x", "../../y")}, "is a link that leads out"},
		"a link that goes up behind another one":  {nil, []tar.Header{link("p/q/up", "../.."), link("x", "p/q/up/..")}, "is a link that leads out"},
		"an empty link":                           {nil, []tar.Header{link("x", "")}, "is a link that leads out"},
		"a file through a link of the pack":       {nil, []tar.Header{folder("d"), link("x", "d"), file("x/y", "1")}, "is to be a folder, but a file or a link is there"},
		"a file through a link that is there":     {map[string]string{"x -> ..": ""}, []tar.Header{file("x/y", "1")}, "is to be a folder, but a file or a link is there"},
		"a folder in the place of a link":         {map[string]string{"x -> ..": ""}, []tar.Header{folder("x")}, "is to be a folder, but a file or a link is there"},
		"a file in the place of a folder":         {map[string]string{"x/": ""}, []tar.Header{file("x", "1")}, "is to be a file or a link, but a folder is there"},
		"a hard link":                             {nil, []tar.Header{file("a", "1"), {Typeflag: tar.TypeLink, Name: "b", Linkname: "../secret"}}, "is a hard link"},
		"a device":                                {nil, []tar.Header{{Typeflag: tar.TypeChar, Name: "null", Devmajor: 1, Devminor: 3}}, "is neither file, folder nor link"},
	} {
		t.Run(name, func(t *testing.T) {
			outer := t.TempDir()
			write(t, outer, map[string]string{"secret": "untouched", "in/": ""})
			dir := filepath.Join(outer, "in")
			write(t, dir, tc.there)
			err := Extract(t.Context(), bytes.NewReader(compressed(t, tarOf(t, tc.pack...))), dir, ExtractOptions{})
			var invalid *api.InvalidSpecError
			if !errors.As(err, &invalid) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
			staysInside(t, outer, "in")
		})
	}
}

// staysInside fails if anything but dir in outer changed, or if a link in dir
// leads out of it.
func staysInside(t testing.TB, outer, dir string) {
	t.Helper()
	list, err := os.ReadDir(outer)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := os.ReadFile(filepath.Join(outer, "secret"))
	if err != nil || string(secret) != "untouched" || len(list) != 2 {
		t.Errorf("something outside the folder changed: %q, %v, %v", secret, err, list)
	}
}

func TestExtractReplacesFilesAndLinks(t *testing.T) {
	outer := t.TempDir()
	dir := filepath.Join(outer, "in")
	write(t, outer, map[string]string{"secret": "untouched", "in/a": "old and longer", "in/b -> ../secret": "", "in/c": "old", "in/other": "stays", "in/d -> nowhere": ""})
	data := compressed(t, tarOf(t, file("a", "new"), file("b", "new"), link("c", "a"), link("d", "other")))
	if err := Extract(t.Context(), bytes.NewReader(data), dir, ExtractOptions{}); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"a": "-rw-r--r-- new", "b": "-rw-r--r-- new", "c": "-> a", "d": "-> other", "other": "-rw-r--r-- stays"}
	if diff := cmp.Diff(want, tree(t, dir)); diff != "" {
		t.Errorf("tree (-want,+got):\n%s", diff)
	}
	staysInside(t, outer, "in")
}

func TestExtractOnly(t *testing.T) {
	pack := []tar.Header{folder("a"), file("a/x", "1"), folder("a/b"), file("a/b/y", "2"), file("ab", "3"), folder("none"), link("a/b/z", "../x"), file("deep/er/file", "4")}
	for name, tc := range map[string]struct {
		only string
		want map[string]string
	}{
		"a folder of the pack":            {"a", map[string]string{"out": "drwxr-xr-x", "out/x": "-rw-r--r-- 1", "out/b": "drwxr-xr-x", "out/b/y": "-rw-r--r-- 2", "out/b/z": "-> ../x"}},
		"an empty folder":                 {"none", map[string]string{"out": "drwxr-xr-x"}},
		"a file becomes the place itself": {"deep/er/file", map[string]string{"out": "-rw-r--r-- 4"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			data := compressed(t, tarOf(t, pack...))
			if err := Extract(t.Context(), bytes.NewReader(data), filepath.Join(dir, "out"), ExtractOptions{Only: tc.only}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, tree(t, dir)); diff != "" {
				t.Errorf("tree (-want,+got):\n%s", diff)
			}
		})
	}
	t.Run("what the pack does not have is not found", func(t *testing.T) {
		err := Extract(t.Context(), bytes.NewReader(compressed(t, tarOf(t, pack...))), t.TempDir(), ExtractOptions{Only: "no"})
		var missing *api.NotFoundError
		if !errors.As(err, &missing) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("a link that leads out of the part is refused", func(t *testing.T) {
		err := Extract(t.Context(), bytes.NewReader(compressed(t, tarOf(t, pack...))), t.TempDir(), ExtractOptions{Only: "a/b"})
		var invalid *api.InvalidSpecError
		if !errors.As(err, &invalid) {
			t.Errorf("error %v", err)
		}
	})
}

func TestExtractCanChooseModes(t *testing.T) {
	dir := t.TempDir()
	data := compressed(t, tarOf(t, tar.Header{Typeflag: tar.TypeDir, Name: "d/", Mode: 0o500}, tar.Header{Typeflag: tar.TypeReg, Name: "d/f", Mode: 0o400}))
	err := Extract(t.Context(), bytes.NewReader(data), dir, ExtractOptions{Mode: func(_ string, m fs.FileMode) fs.FileMode {
		if m.IsDir() {
			return m | 0o777
		}
		return m | 0o666
	}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"d": "drwxrwxrwx", "d/f": "-rw-rw-rw- "}, tree(t, dir)); diff != "" {
		t.Errorf("tree (-want,+got):\n%s", diff)
	}
}

func TestADamagedPackIsAnError(t *testing.T) {
	whole := compressed(t, tarOf(t, file("a", strings.Repeat("x", 10000)), file("b", "2")))
	for name, data := range map[string][]byte{
		"cut":             whole[:len(whole)-6],
		"nothing":         nil,
		"no pack":         []byte("hello"),
		"a wrong byte":    append(append([]byte{}, whole[:len(whole)/2]...), append([]byte{whole[len(whole)/2] ^ 0xff}, whole[len(whole)/2+1:]...)...),
		"a tar that ends": compressed(t, tarOf(t, file("a", strings.Repeat("x", 10000)))[:3000]),
	} {
		t.Run(name, func(t *testing.T) {
			if err := Extract(t.Context(), bytes.NewReader(data), t.TempDir(), ExtractOptions{Only: "a"}); err == nil {
				t.Error("there is no error")
			}
		})
	}
}
