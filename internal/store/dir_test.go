package store_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/internal/store/storetest"
	"github.com/kubevast/vast/sdk/api"
)

func TestAFolderKeepsTheRulesOfBackends(t *testing.T) {
	t.Parallel()
	storetest.Conformance(t, openDir(t, t.TempDir()))
}

func openDir(t *testing.T, path string) store.Backend {
	t.Helper()
	b, err := store.OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAFolder(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	b := openDir(t, path)
	put := func(t *testing.T, key, content string) error {
		t.Helper()
		_, err := b.Put(t.Context(), key, strings.NewReader(content), -1, store.PutOptions{})
		return err
	}
	read := func(t *testing.T, key string) (string, error) {
		t.Helper()
		r, _, err := b.Get(t.Context(), key, 0)
		if err != nil {
			return "", err
		}
		defer r.Close()
		content, err := io.ReadAll(r)
		return string(content), err
	}

	t.Run("holds a file that is changed by hand as what it is", func(t *testing.T) {
		if err := put(t, "by/hand", "before"); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(path, "by/hand"), []byte("changed by hand"), 0o600); err != nil {
			t.Fatal(err)
		}
		if o, err := b.Stat(t.Context(), "by/hand"); err != nil || o.SHA256 != "" || o.Size != 15 {
			t.Errorf("%+v, %v", o, err)
		}
		if got, err := read(t, "by/hand"); err != nil || got != "changed by hand" {
			t.Errorf("%q, %v", got, err)
		}
	})
	t.Run("reports a damaged file", func(t *testing.T) {
		if err := put(t, "damaged", "before"); err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(path, "damaged")
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.WriteFile(name, []byte("befare"), 0o600), os.Chtimes(name, info.ModTime(), info.ModTime())); err != nil {
			t.Fatal(err)
		}
		if _, err := read(t, "damaged"); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%v", err)
		}
	})
	t.Run("does not follow links that lead out of it", func(t *testing.T) {
		outside := t.TempDir()
		if err := errors.Join(os.WriteFile(filepath.Join(outside, "secret"), nil, 0o600), os.Symlink(outside, filepath.Join(path, "link"))); err != nil {
			t.Fatal(err)
		}
		if _, err := read(t, "link/secret"); err == nil {
			t.Error("it is read")
		}
		if err := put(t, "link/new", "x"); err == nil {
			t.Error("it is written")
		}
	})
	t.Run("cannot hold an object below another one", func(t *testing.T) {
		if err := put(t, "one", "x"); err != nil {
			t.Fatal(err)
		}
		if err := put(t, "one/below", "x"); !errors.As(err, new(*api.ConflictError)) {
			t.Errorf("%T %v", err, err)
		}
		if err := put(t, "by", "x"); !errors.As(err, new(*api.ConflictError)) {
			t.Errorf("a folder's name: %T %v", err, err)
		}
	})
	t.Run("keeps its own files out of the keys", func(t *testing.T) {
		if err := put(t, ".vast/sums/one.json", "x"); !errors.As(err, new(*api.InvalidSpecError)) {
			t.Errorf("%T %v", err, err)
		}
		for o, err := range b.List(t.Context(), "", store.ListOptions{}) {
			if err != nil || strings.HasPrefix(o.Key, ".vast") {
				t.Errorf("%+v, %v", o, err)
			}
		}
	})
}
