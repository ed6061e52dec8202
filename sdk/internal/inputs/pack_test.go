package inputs

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/pack"
	"github.com/kubevast/vast/internal/store"
)

var storeAll store.ListOptions

// packed is a pack of one file.
func packed(t *testing.T, content string) *Pack {
	t.Helper()
	file, err := pack.ScanFile(filepath.Join(folder(t, map[string]string{"x": content}), "x"), "x")
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPack(t.Context(), file.Entries, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAPackIsReadAgainAsItWas(t *testing.T) {
	for name, content := range map[string]string{"small": "1", "large": noise(1, 2<<20)} {
		t.Run(name, func(t *testing.T) {
			p := packed(t, content)
			r := p.open(t.Context(), nil)
			data, err := io.ReadAll(r)
			if err := errors.Join(err, r.Close(), r.Close()); err != nil {
				t.Fatal(err)
			}
			if int64(len(data)) != p.Size || p.Files != 1 {
				t.Errorf("%d bytes, reported %d; %d files", len(data), p.Size, p.Files)
			}
			out := t.TempDir()
			if err := pack.Extract(t.Context(), bytes.NewReader(data), out, pack.ExtractOptions{}); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(filepath.Join(out, "x"))
			if err != nil || string(got) != content {
				t.Errorf("it is wrong; error %v", err)
			}
		})
	}
}

func TestAPackThatIsNotReadToItsEndLeavesNothingBehind(t *testing.T) {
	r := packed(t, noise(1, 4<<20)).open(t.Context(), nil)
	if _, err := io.ReadFull(r, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil { // waits for the packing to end
		t.Error(err)
	}
}

func TestAPackInTheStoreWithAnotherSizeIsReplaced(t *testing.T) {
	p := packed(t, "1")
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
