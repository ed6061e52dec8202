package inputs

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/pack"
	"github.com/kubevast/vast/sdk/store"
)

var storeAll store.ListOptions

func TestPackFilesPacksWhatIsNamed(t *testing.T) {
	for name, content := range map[string]string{"small files": "1", "large files": noise(1, 2<<20)} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, map[string]string{"b/c": content, "a": "2", "other": "3"})
			if err := os.Symlink("b/c", filepath.Join(dir, "link")); err != nil {
				t.Fatal(err)
			}
			p, err := PackFiles(dir, []string{"link", "b/c", "a", "./a"})
			if err != nil {
				t.Fatal(err)
			}
			r, err := p.Open()
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(r)
			if err := errors.Join(err, r.Close()); err != nil {
				t.Fatal(err)
			}
			if int64(len(data)) != p.Size || p.Files != 3 {
				t.Errorf("%d bytes, told %d; %d files", len(data), p.Size, p.Files)
			}
			out := t.TempDir()
			if err := pack.Extract(t.Context(), bytes.NewReader(data), out, pack.ExtractOptions{}); err != nil {
				t.Fatal(err)
			}
			for file, want := range map[string]string{"a": "2", "b/c": content, "link": content} {
				got, err := os.ReadFile(filepath.Join(out, file))
				if err != nil || string(got) != want {
					t.Errorf("%s is wrong; error %v", file, err)
				}
			}
			if _, err := os.Stat(filepath.Join(out, "other")); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a file is packed that was not named: %v", err)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestPackFilesRefusesWhatLiesOutside(t *testing.T) {
	for _, name := range []string{"../x", "/etc/passwd", ".", "a/../../x"} {
		_, err := PackFiles(t.TempDir(), []string{name})
		var invalid *api.InvalidSpec
		if !errors.As(err, &invalid) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestPackFilesNamesAMissingFile(t *testing.T) {
	_, err := PackFiles(t.TempDir(), []string{"gone"})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

func TestAPackThatNobodyReadsToItsEndLeavesNothingBehind(t *testing.T) {
	dir := folder(t, map[string]string{"x": noise(1, 4<<20)})
	p, err := PackFiles(dir, []string{"x"})
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Open()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(r, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil { // waits for the packing to end
		t.Error(err)
	}
}

func TestAPackInTheStoreWithAnotherSizeIsReplaced(t *testing.T) {
	dir := folder(t, map[string]string{"x": "1"})
	p, err := PackFiles(dir, []string{"x"})
	if err != nil {
		t.Fatal(err)
	}
	b := local(t)
	if _, err := b.Put(t.Context(), p.Key(), bytes.NewReader([]byte("cut")), 3, store.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	var sent []bool
	for range 2 {
		s, err := p.Upload(t.Context(), b, nil)
		if err != nil {
			t.Fatal(err)
		}
		sent = append(sent, s)
	}
	if diff := cmp.Diff([]bool{true, false}, sent); diff != "" {
		t.Errorf("sent (-want,+got):\n%s", diff)
	}
}
