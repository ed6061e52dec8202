package store_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// watched is a backend that notes what is asked of it.
type watched struct {
	store.Backend
	mu            sync.Mutex
	puts, stats   int
	gets          []int64 // offsets
	breakGetAfter int64   // 0: never
}

func (w *watched) note(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

func (w *watched) Stat(ctx context.Context, key string) (store.Object, error) {
	w.note(func() { w.stats++ })
	return w.Backend.Stat(ctx, key)
}

func (w *watched) Put(ctx context.Context, key string, r io.Reader, size int64, o store.PutOptions) (store.Object, error) {
	w.note(func() { w.puts++ })
	return w.Backend.Put(ctx, key, r, size, o)
}

func (w *watched) Get(ctx context.Context, key string, offset int64) (io.ReadCloser, store.Object, error) {
	w.note(func() { w.gets = append(w.gets, offset) })
	r, o, err := w.Backend.Get(ctx, key, offset)
	if err == nil && w.breakGetAfter > 0 {
		r = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(io.LimitReader(r, w.breakGetAfter), brokenReader{}), r}
	}
	return r, o, err
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("the way broke") }

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}

func holds(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s holds %q, want %q: %v", path, got, want, err)
	}
}

func hashed(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

func TestFilesGoUpOnce(t *testing.T) {
	t.Parallel()
	for _, n := range []int{3, 40} {
		t.Run(fmt.Sprintf("%d files", n), func(t *testing.T) {
			t.Parallel()
			b, dir := &watched{Backend: openDir(t, t.TempDir())}, t.TempDir()
			var items []store.Upload
			files := map[string]string{}
			for i := range n {
				name := fmt.Sprintf("%02d/file", i)
				files[name] = strings.Repeat("x", 100+i)
				items = append(items, store.Upload{Key: "up/" + name, Path: filepath.Join(dir, name), Size: -1})
			}
			write(t, dir, files)
			upload := func(puts, skipped int) {
				t.Helper()
				var last api.TransferProgress
				b.puts = 0
				err := store.UploadAll(t.Context(), b, items, store.TransferOptions{Notify: func(p api.TransferProgress) { last = p }})
				if err != nil || b.puts != puts {
					t.Errorf("%d were put, not %d: %v", b.puts, puts, err)
				}
				if last.Files != n || last.TotalFiles != n || last.Skipped != skipped || last.Bytes != last.TotalBytes || last.TotalBytes < int64(60*n) {
					t.Errorf("reported at the end: %+v", last)
				}
			}
			upload(n, 0)
			b.stats = 0
			upload(0, n)
			write(t, dir, map[string]string{"00/file": strings.Repeat("y", 100), "01/file": "shorter"})
			upload(2, n-2)
			for i := range items {
				items[i].Size = int64(len(items[i].Path)) // a wrong one
			}
			items[0].Size = 100
			if err := store.UploadAll(t.Context(), b, items, store.TransferOptions{}); !errors.As(err, new(*api.ConflictError)) || !strings.Contains(err.Error(), "file") {
				t.Errorf("other sizes than announced: %T %v", err, err)
			}
		})
	}
	t.Run("what the store cannot hold yet is not asked for one by one", func(t *testing.T) {
		t.Parallel()
		b, dir := &watched{Backend: openDir(t, t.TempDir())}, t.TempDir()
		var items []store.Upload
		for i := range 100 {
			name := fmt.Sprintf("%03d", i)
			write(t, dir, map[string]string{name: name})
			items = append(items, store.Upload{Key: "new/" + name, Path: filepath.Join(dir, name), Size: 3, SHA256: hashed(name)})
		}
		if err := store.UploadAll(t.Context(), b, items, store.TransferOptions{}); err != nil || b.stats != 0 {
			t.Errorf("%d were asked for: %v", b.stats, err)
		}
	})
	t.Run("all files that are missing are reported, and nothing is sent", func(t *testing.T) {
		t.Parallel()
		b, dir := &watched{Backend: openDir(t, t.TempDir())}, t.TempDir()
		write(t, dir, map[string]string{"there": "x"})
		var items []store.Upload
		for _, name := range []string{"there", "gone", "lost"} {
			items = append(items, store.Upload{Key: name, Path: filepath.Join(dir, name), Size: -1})
		}
		err := store.UploadAll(t.Context(), b, items, store.TransferOptions{})
		if !errors.As(err, new(*api.InvalidSpecError)) || !strings.Contains(err.Error(), "gone") || !strings.Contains(err.Error(), "lost") || b.puts > 0 {
			t.Errorf("%T %v, %d puts", err, err, b.puts)
		}
	})
}

func TestObjectsComeDown(t *testing.T) {
	t.Parallel()
	b := &watched{Backend: openDir(t, t.TempDir())}
	content := strings.Repeat("0123456789", 10_000)
	for _, key := range []string{"a/one", "two"} {
		if _, err := b.Put(t.Context(), key, strings.NewReader(content), -1, store.PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	whole := store.Download{Key: "a/one", Path: "sub/one", Size: int64(len(content)), SHA256: hashed(content), Mode: 0o755}
	bare := store.Download{Key: "two", Path: "two", Size: -1}
	wholePart, barePart := store.PartOf(whole), store.PartOf(bare)
	for name, c := range map[string]struct {
		items     []store.Download
		there     map[string]string
		overwrite bool
		breaks    int64
		// want are the files afterwards, offsets those that were read from.
		want    map[string]string
		offsets []int64
		skipped int
		is      func(error) bool
	}{
		"into a folder that is empty": {items: []store.Download{whole, bare}, want: map[string]string{"sub/one": content, "two": content}, offsets: []int64{0, 0}},
		"but not what is there": {items: []store.Download{whole, bare}, there: map[string]string{"sub/one": content, "two": content},
			want: map[string]string{"sub/one": content, "two": content}, skipped: 2},
		"not over other content": {items: []store.Download{whole}, there: map[string]string{"sub/one": "mine"},
			want: map[string]string{"sub/one": "mine"}, is: isKind[*api.ConflictError]},
		"nor over other content of unknown size": {items: []store.Download{bare}, there: map[string]string{"two": "mine"},
			want: map[string]string{"two": "mine"}, is: isKind[*api.ConflictError]},
		"but over it on request": {items: []store.Download{whole}, there: map[string]string{"sub/one": "mine"}, overwrite: true,
			want: map[string]string{"sub/one": content}, offsets: []int64{0}},
		"never over a folder": {items: []store.Download{whole}, there: map[string]string{"sub/one/more": "mine"}, overwrite: true,
			want: map[string]string{"sub/one/more": "mine"}, is: isKind[*api.ConflictError]},
		"from where an earlier call broke": {items: []store.Download{whole}, there: map[string]string{wholePart: content[:40_000]},
			want: map[string]string{"sub/one": content}, offsets: []int64{40_000}},
		"also where only the store has its hash": {items: []store.Download{bare}, there: map[string]string{barePart: content[:40_000]},
			want: map[string]string{"two": content}, offsets: []int64{40_000}},
		"from an end that was only not renamed": {items: []store.Download{whole}, there: map[string]string{wholePart: content},
			want: map[string]string{"sub/one": content}, offsets: []int64{100_000}},
		"anew when the part does not fit": {items: []store.Download{whole}, there: map[string]string{wholePart: strings.Repeat("x", 40_000)},
			want: map[string]string{"sub/one": content}, offsets: []int64{40_000, 0}},
		"anew when the part is too long": {items: []store.Download{whole}, there: map[string]string{wholePart: content + "more"},
			want: map[string]string{"sub/one": content}, offsets: []int64{0}},
		"not when the way breaks, but what came is kept": {items: []store.Download{whole}, breaks: 70_000,
			want: map[string]string{wholePart: content[:70_000]}, offsets: []int64{0}, is: func(err error) bool { return err != nil }},
		"not when it is not what was announced": {items: []store.Download{{Key: "two", Path: "two", Size: int64(len(content)), SHA256: hashed("other")}},
			want: map[string]string{barePart: ""}, offsets: []int64{0}, is: isKind[*api.ConflictError]},
		"not when it has another size": {items: []store.Download{{Key: "two", Path: "two", Size: 7}}, want: map[string]string{barePart: ""},
			offsets: []int64{0}, is: isKind[*api.ConflictError]},
		"not when it is not there": {items: []store.Download{{Key: "none", Path: "none", Size: -1}}, want: map[string]string{store.PartOf(store.Download{Key: "none", Path: "none"}): ""},
			offsets: []int64{0}, is: isKind[*api.NotFoundError]},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, c.there)
			root, err := os.OpenRoot(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer root.Close()
			var last api.TransferProgress
			b.gets, b.breakGetAfter = nil, c.breaks
			err = store.DownloadAll(t.Context(), b, c.items, store.TransferOptions{Root: root, Overwrite: c.overwrite,
				Notify: func(p api.TransferProgress) { last = p }})
			if c.is == nil && (err != nil || last.Files != len(c.items) || last.Skipped != c.skipped) || c.is != nil && !c.is(err) {
				t.Errorf("%T %v; reported %+v", err, err, last)
			}
			if fmt.Sprint(b.gets) != fmt.Sprint(c.offsets) {
				t.Errorf("read from %v, want %v", b.gets, c.offsets)
			}
			found := 0
			_ = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, _ error) error {
				if !e.IsDir() {
					found++
				}
				return nil
			})
			if found != len(c.want) {
				t.Errorf("there are %d files, want %d", found, len(c.want))
			}
			for name, want := range c.want {
				holds(t, filepath.Join(dir, name), want)
			}
		})
	}
	t.Run("also when they have the names of parts, or the longest there are", func(t *testing.T) {
		b.breakGetAfter = 0
		dir := t.TempDir()
		var items []store.Download
		for i, name := range []string{"data", "data.part", "data.part.part", strings.Repeat("é", 127), strings.Repeat("é", 127) + "x"} {
			key := fmt.Sprint("parts/", i)
			if _, err := b.Put(t.Context(), key, strings.NewReader(name), -1, store.PutOptions{}); err != nil {
				t.Fatal(err)
			}
			items = append(items, store.Download{Key: key, Path: filepath.Join(dir, name), Size: int64(len(name)), SHA256: hashed(name)})
		}
		// One after the other, in both orders: the worst that can happen.
		for range 2 {
			for _, item := range items {
				if err := store.DownloadAll(t.Context(), b, []store.Download{item}, store.TransferOptions{Parallel: 1}); err != nil {
					t.Fatal(err)
				}
			}
			for _, item := range items {
				holds(t, item.Path, filepath.Base(item.Path))
				if err := os.Remove(item.Path); err != nil {
					t.Fatal(err)
				}
			}
			slices.Reverse(items)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%v, %v", left, err)
		}
	})
	t.Run("with its mode", func(t *testing.T) {
		b.breakGetAfter = 0
		path := filepath.Join(t.TempDir(), "one")
		item := whole
		item.Path, item.Mode, item.ExactMode = path, 0o707, true
		if err := store.DownloadAll(t.Context(), b, []store.Download{item}, store.TransferOptions{}); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o707 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
	})
	t.Run("and never out of its root", func(t *testing.T) {
		outside, dir := t.TempDir(), t.TempDir()
		root, err := os.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"../out", "link/out", filepath.Join(outside, "out")} {
			item := whole
			item.Path = path
			if err := store.DownloadAll(t.Context(), b, []store.Download{item}, store.TransferOptions{Root: root}); err == nil {
				t.Errorf("%s: no error", path)
			}
		}
		if left, err := os.ReadDir(outside); err != nil || len(left) > 0 {
			t.Errorf("%v, %v", left, err)
		}
	})
}

func isKind[T error](err error) bool {
	var target T
	return errors.As(err, &target)
}
