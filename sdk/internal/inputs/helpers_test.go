package inputs

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/kubevast/vast/internal/pack"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/internal/manifest"
	"github.com/kubevast/vast/sdk/spec"
)

// folder makes a folder of paths and contents.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// task parses a task file in dir.
func task(t *testing.T, text string) *spec.Task {
	t.Helper()
	f, err := spec.Parse("task.yaml", []byte(text+"run: x\n"), spec.Inputs{})
	if err != nil {
		t.Fatal(err)
	}
	return f.Tasks[0]
}

func plan(t *testing.T, dir, text string) *Plan {
	t.Helper()
	p, err := New(t.Context(), task(t, text), Options{Dir: dir, Home: dir})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// unpack does what the agent does with the orders, and lists what is there
// then: paths in the container to contents.
func unpack(t *testing.T, p *Plan, b store.Backend) map[string]string {
	t.Helper()
	root := t.TempDir()
	for _, f := range p.Files() {
		place := filepath.Join(root, strings.TrimPrefix(f.Path, "~/"))
		for _, s := range f.Sources {
			r := open(t, f, s.Pack, b)
			if r == nil {
				continue
			}
			if err := pack.Extract(t.Context(), r, filepath.Join(place, s.To), pack.ExtractOptions{Only: s.Only}); err != nil {
				t.Fatal(err)
			}
		}
	}
	out := map[string]string{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(file)
		out[strings.TrimPrefix(file, root)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func open(t *testing.T, f manifest.Files, key string, b store.Backend) io.Reader {
	t.Helper()
	if key == "" {
		if f.Pack == nil {
			return nil
		}
		return bytes.NewReader(f.Pack)
	}
	r, _, err := b.Get(t.Context(), key, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// counting is a backend that counts what is stored.
type counting struct {
	store.Backend
	puts atomic.Int32
}

func (c *counting) Put(ctx context.Context, key string, r io.Reader, n int64, o store.PutOptions) (store.Object, error) {
	c.puts.Add(1)
	return c.Backend.Put(ctx, key, r, n, o)
}

func local(t *testing.T) *counting {
	t.Helper()
	b, err := store.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &counting{Backend: b}
}
