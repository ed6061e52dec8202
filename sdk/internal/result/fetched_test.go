package result

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// counting is a store that counts what it is asked.
type counting struct {
	store.Backend
	gets, stats, lists atomic.Int64
}

func (c *counting) Get(ctx context.Context, key string, offset int64) (io.ReadCloser, store.Object, error) {
	c.gets.Add(1)
	return c.Backend.Get(ctx, key, offset)
}

func (c *counting) Stat(ctx context.Context, key string) (store.Object, error) {
	c.stats.Add(1)
	return c.Backend.Stat(ctx, key)
}

func (c *counting) List(ctx context.Context, prefix string, o store.ListOptions) iter.Seq2[store.Object, error] {
	c.lists.Add(1)
	return c.Backend.List(ctx, prefix, o)
}

// total is how many requests there were since it was asked last.
func (c *counting) total() int64 { return c.gets.Swap(0) + c.stats.Swap(0) + c.lists.Swap(0) }

func TestADownloadOfWhatIsThereAsksForNoFile(t *testing.T) {
	for name, incomplete := range map[string]bool{"of a complete result": false, "of one that is not complete": true} {
		t.Run(name, func(t *testing.T) {
			var requests []int64
			for _, files := range []int{1, 40} {
				w := newWorld(t)
				k := task("aaaabbbb", 0, succeeded, map[string]string{})
				for i := range files {
					k.files[fmt.Sprintf("d/f%d", i)] = strings.Repeat("x", i)
				}
				k.incomplete = incomplete
				w.keep(k)
				c := &counting{Backend: w.store}
				w.open = func(context.Context) (store.Backend, func(), error) { return c, func() {}, nil }
				o := api.DownloadOptions{Dir: t.TempDir()}
				if report, err := w.Download(t.Context(), "aaaabbbb", o); err != nil || report.Files != files+1 {
					t.Fatalf("%+v, %v", report, err)
				}
				c.total()
				report, err := w.Download(t.Context(), "aaaabbbb", o)
				if err != nil || report.Files != 0 || report.Skipped != files+1 {
					t.Fatalf("a second time: %+v, %v", report, err)
				}
				requests = append(requests, c.total())
			}
			if requests[0] != requests[1] || requests[0] > 5 {
				t.Errorf("%d requests for 1 file, and %d for 40", requests[0], requests[1])
			}
		})
	}
}

func TestWhatWasFetchedOfAnIncompleteResultIsBroughtUpToDate(t *testing.T) {
	const folder = "train-aaaabbbb/0/"
	first := map[string]string{"grows": "1", "stays": "same", "rewritten": "old"}
	for name, tc := range map[string]struct {
		// change is what the user does to a file meanwhile.
		change map[string]string
		remove string
		want   map[string]string
		refuse string
	}{
		"unchanged":          {nil, "", map[string]string{"grows": "12", "stays": "same", "rewritten": "new", "later": "x"}, ""},
		"a file was removed": {nil, "stays", map[string]string{"grows": "12", "stays": "same", "rewritten": "new", "later": "x"}, ""},
		"a file was changed to another length": {map[string]string{"grows": "mine, and longer"}, "",
			map[string]string{"grows": "mine, and longer"}, "grows"},
		"a file was changed to the same length": {map[string]string{"rewritten": "MY!"}, "",
			map[string]string{"rewritten": "MY!"}, "rewritten"},
		"a file that stays was changed": {map[string]string{"stays": "mine"}, "", map[string]string{"stays": "mine"}, "stays"},
	} {
		for _, complete := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, then complete %v", name, complete), func(t *testing.T) {
				w := newWorld(t, job("aaaabbbb", true))
				k := task("aaaabbbb", 0, succeeded, first)
				k.incomplete = true
				w.keep(k)
				dir := t.TempDir()
				o := api.DownloadOptions{Dir: dir}
				if _, err := w.Download(t.Context(), "aaaabbbb", o); err != nil {
					t.Fatal(err)
				}
				for file, content := range tc.change {
					if err := os.WriteFile(filepath.Join(dir, folder, file), []byte(content), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				if tc.remove != "" {
					if err := os.Remove(filepath.Join(dir, folder, tc.remove)); err != nil {
						t.Fatal(err)
					}
				}
				k.files = map[string]string{"grows": "12", "stays": "same", "rewritten": "new", "later": "x"}
				k.log += "2026-03-01T12:00:01Z more\n"
				k.incomplete = !complete
				w.keep(k)
				_, err := w.Download(t.Context(), "aaaabbbb", o)
				var conflict *api.ConflictError
				if refused := errors.As(err, &conflict) && strings.Contains(err.Error(), tc.refuse); (tc.refuse != "") != refused || tc.refuse == "" && err != nil {
					t.Fatalf("error %v", err)
				}
				for file, want := range tc.want {
					got, err := os.ReadFile(filepath.Join(dir, folder, file))
					if diff := cmp.Diff(want, string(got)); diff != "" || err != nil {
						t.Errorf("%s: %v %s", file, err, diff)
					}
				}
				_, noted := os.Stat(filepath.Join(dir, folder, fetchedFile))
				if tc.refuse == "" && (noted == nil) == complete {
					t.Errorf("complete %v, and what was fetched is written down: %v", complete, noted == nil)
				}
				o.Force = true
				if _, err := w.Download(t.Context(), "aaaabbbb", o); err != nil {
					t.Errorf("with force: %v", err)
				}
			})
		}
	}
}

func TestNotesThatCannotBeReadOverwriteNothing(t *testing.T) {
	for name, content := range map[string]string{"no JSON": "{", "another form": `{"a": [1]}`, "of other files": `{"b": {"size": 1, "sha256": "x"}}`} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, job("aaaabbbb", true))
			k := task("aaaabbbb", 0, succeeded, map[string]string{"a": "12"})
			k.incomplete = true
			w.keep(k)
			dir := t.TempDir()
			for file, text := range map[string]string{"a": "1", fetchedFile: content} {
				path := filepath.Join(dir, "train-aaaabbbb/0", file)
				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)); err != nil {
					t.Fatal(err)
				}
			}
			_, err := w.Download(t.Context(), "aaaabbbb", api.DownloadOptions{Dir: dir})
			if !errors.As(err, new(*api.ConflictError)) {
				t.Errorf("error %v", err)
			}
		})
	}
}
