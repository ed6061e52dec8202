package fetcher

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/pack"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// packOf packs files and returns the pack with its hash.
func packOf(t *testing.T, files map[string]string) (data []byte, sum string) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	folder, err := pack.Scan(t.Context(), dir, pack.ScanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	stat, err := pack.Write(t.Context(), &buf, folder.Entries, pack.WriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return buf.Bytes(), stat.SHA256
}

func storeOf(t *testing.T, objects map[string][]byte) store.Backend {
	t.Helper()
	b, err := store.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for key, data := range objects {
		if _, err := b.Put(t.Context(), key, bytes.NewReader(data), int64(len(data)), store.PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func filesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestWhatIsFetched(t *testing.T) {
	t.Parallel()
	data, sum := packOf(t, map[string]string{"a.txt": "a", "sub/b.txt": "b"})
	other, _ := packOf(t, map[string]string{"c": "c"})
	damaged := bytes.Clone(data)
	damaged[len(damaged)/2] ^= 1
	key := layout.InputKey(sum)
	for name, c := range map[string]struct {
		objects map[string][]byte
		items   []agentspec.Item // To is below the folder
		want    map[string]string
		err     string
	}{
		"a pack":                         {map[string][]byte{key: data}, []agentspec.Item{{Pack: key, To: "w"}}, map[string]string{"w/a.txt": "a", "w/sub/b.txt": "b"}, ""},
		"a folder of one":                {map[string][]byte{key: data}, []agentspec.Item{{Pack: key, Only: "sub", To: "w"}}, map[string]string{"w/b.txt": "b"}, ""},
		"a file of one":                  {map[string][]byte{key: data}, []agentspec.Item{{Pack: key, Only: "a.txt", To: "w/x"}}, map[string]string{"w/x": "a"}, ""},
		"a text":                         {nil, []agentspec.Item{{Text: "hello", To: "d/e/f"}}, map[string]string{"d/e/f": "hello"}, ""},
		"a text over a file of a pack":   {map[string][]byte{key: data}, []agentspec.Item{{Pack: key, To: "w"}, {Text: "new", To: "w/a.txt"}}, map[string]string{"w/a.txt": "new", "w/sub/b.txt": "b"}, ""},
		"not a pack that is gone":        {nil, []agentspec.Item{{Pack: key, To: "w"}}, nil, "the store has no " + key + " any more"},
		"not a pack that is damaged":     {map[string][]byte{key: damaged}, []agentspec.Item{{Pack: key, To: "w"}}, nil, key},
		"not another pack":               {map[string][]byte{key: other}, []agentspec.Item{{Pack: key, To: "w"}}, nil, "is damaged: its SHA-256 is "},
		"not a pack with more behind it": {map[string][]byte{key: append(bytes.Clone(data), 'x')}, []agentspec.Item{{Pack: key, To: "w"}}, nil, key},
		"not something else":             {nil, []agentspec.Item{{Pack: "tasks/x", To: "w"}}, nil, "is no pack"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, b := t.TempDir(), storeOf(t, c.objects)
			o := agentspec.Fetch{}
			for _, item := range c.items {
				item.To = filepath.Join(dir, item.To)
				o.Items = append(o.Items, item)
			}
			f := &Fetcher{Getenv: func(string) string { return "" }, Store: func() (store.Backend, error) { return b, nil }}
			for range 2 { // again does no harm
				err := f.Fetch(t.Context(), o)
				if (err == nil) != (c.err == "") || err != nil && (!strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "\n")) {
					t.Fatalf("error %v, want %q", err, c.err)
				}
			}
			if c.err != "" {
				return
			}
			if diff := cmp.Diff(c.want, filesIn(t, dir)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAPackThatCameWithThePod(t *testing.T) {
	t.Parallel()
	data, _ := packOf(t, map[string]string{"0/a": "a", "1/b": "b"})
	dir := t.TempDir()
	file := filepath.Join(dir, "pack")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	item := agentspec.Item{PackFile: file, Only: "1", To: filepath.Join(dir, "w")}
	if err := (&Fetcher{}).Fetch(t.Context(), agentspec.Fetch{Items: []agentspec.Item{item}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"b": "b"}, filesIn(t, item.To)); diff != "" {
		t.Error(diff)
	}
}

func TestTheStoreIsOpenedWhenItIsNeededAndOnce(t *testing.T) {
	t.Parallel()
	data, sum := packOf(t, map[string]string{"a": "a"})
	b, opened := storeOf(t, map[string][]byte{layout.InputKey(sum): data}), 0
	f := &Fetcher{Store: func() (store.Backend, error) { opened++; return b, nil }}
	dir := t.TempDir()
	text := agentspec.Item{Text: "x", To: filepath.Join(dir, "x")}
	packed := agentspec.Item{Pack: layout.InputKey(sum), To: filepath.Join(dir, "w")}
	if err := f.Fetch(t.Context(), agentspec.Fetch{Items: []agentspec.Item{text}}); err != nil || opened != 0 {
		t.Error(opened, err)
	}
	if err := f.Fetch(t.Context(), agentspec.Fetch{Items: []agentspec.Item{packed, packed}}); err != nil || opened != 1 {
		t.Error(opened, err)
	}
	none := &Fetcher{Store: func() (store.Backend, error) { return nil, &api.NotInstalledError{} }}
	if err := none.Fetch(t.Context(), agentspec.Fetch{Items: []agentspec.Item{packed}}); err == nil || !strings.Contains(err.Error(), "no store any more") {
		t.Error(err)
	}
}

func TestACopyOfABucket(t *testing.T) {
	t.Parallel()
	objects := map[string][]byte{"data/a": []byte("1"), "data/d/b": []byte("2"), "database": []byte("3")}
	for name, c := range map[string]struct {
		uri, prefix string
		want        map[string]string
		err         string
	}{
		"an object becomes the file":      {"s3://b/data/a", "data/a", map[string]string{"to": "1"}, ""},
		"a prefix becomes the folder":     {"s3://b/data", "data", map[string]string{"to/a": "1", "to/d/b": "2"}, ""},
		"with a slash it is a folder":     {"s3://b/data/", "data", map[string]string{"to/a": "1", "to/d/b": "2"}, ""},
		"the whole bucket":                {"s3://b", "", map[string]string{"to/data/a": "1", "to/data/d/b": "2", "to/database": "3"}, ""},
		"nothing is there":                {"s3://b/dat", "dat", nil, "s3://b/dat: there is no such object"},
		"a file is none that has a slash": {"s3://b/database/", "database", nil, "there is no such object"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			item := agentspec.Item{URI: c.uri, To: filepath.Join(dir, "to")}
			for range 2 {
				err := copyFrom(t.Context(), storeOf(t, objects), c.prefix, item)
				if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
					t.Fatalf("error %v, want %q", err, c.err)
				}
			}
			if c.err != "" {
				return
			}
			if diff := cmp.Diff(c.want, filesIn(t, dir)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOrdersThatCannotBeReadAreReported(t *testing.T) {
	t.Parallel()
	_, err := FromEnv(func(string) string { return "{" })
	if err == nil || !strings.Contains(err.Error(), agentspec.EnvFetch) || errors.Is(err, io.EOF) {
		t.Error(err)
	}
	err = (&Fetcher{}).Fetch(t.Context(), agentspec.Fetch{Items: []agentspec.Item{{Text: "x", To: "relative"}}})
	if err == nil || fmt.Sprint(err) != `the target "relative" is not absolute` {
		t.Error(err)
	}
}
