package result

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// odd are names that a store, or a list of one, does not take as they are, and
// some that only look so.
var odd = []string{
	`back\slash`, "a\x01b", "\x1b[31m", "new\nline", "not utf-8 \xff", "dir \xff\x03/x", ".sgwtmp/x", "%01", "%5C", "100%", "trail ", "...", "a\u202eb",
	strings.Repeat("n", 255), strings.Repeat("\x01", 255), strings.Repeat("deep/", 250) + "end",
}

// oddly is a result with these files, as the agent keeps them.
func (w *world) oddly(incomplete bool) {
	k := task("aaaabbbb", 0, succeeded, nil)
	k.log, k.incomplete = "", incomplete
	for _, name := range odd {
		key := layout.FileKey(k.prefix, name)
		w.put(k.prefix+key, name)
		if layout.IsLongKey(key) {
			w.put(k.prefix+layout.LongPathKey(key), name)
		}
		f := layout.File{Path: name, Size: int64(len(name)), SHA256: hash(name), Mode: 0o640}
		if key != name {
			f.Key = key
		}
		k.more = append(k.more, f)
	}
	k.more = append(k.more, layout.File{Path: `l\ink`, Link: `back\slash`})
	w.keep(k)
}

func TestEveryNameIsRestored(t *testing.T) {
	t.Parallel()
	for name, incomplete := range map[string]bool{"of a complete result": false, "of one without an inventory": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.oddly(incomplete)
			const ref = "aaaabbbb"
			mode, want := "-rw-r--r-- ", map[string]string{}
			if incomplete {
				mode, want["_vast/fetched.json"] = "-rw-r--r-- ", "notes"
			} else {
				want["_vast/manifest.json"], want[`l\ink`] = "inventory", `-> back\slash`
			}
			for _, name := range odd {
				want[name] = mode + name
			}
			dir := t.TempDir()
			report, err := w.Download(t.Context(), ref, api.DownloadOptions{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			folder, _ := filepath.Glob(filepath.Join(dir, "*", "0"))
			if diff := cmp.Diff(want, treeOf(t, folder[0])); diff != "" || len(report.Renamed)+len(report.LeftOut) > 0 {
				t.Errorf("%+v; %s", report, diff)
			}

			file := filepath.Join(dir, "x.tar")
			if _, err := w.Download(t.Context(), ref, api.DownloadOptions{Archive: file}); err != nil {
				t.Fatal(err)
			}
			members := membersOf(t, file)
			for _, name := range odd {
				if members[name] != name {
					t.Errorf("in the archive %q has %q", name, members[name])
				}
			}

			shown, err := w.Get(t.Context(), ref, api.ResultGetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			paths := map[string]bool{}
			for _, e := range shown.Items[0].Entries {
				paths[e.Path] = true
				if (e.PathBytes != nil) != strings.Contains(e.Path, "\xff") || e.PathBytes != nil && string(e.PathBytes) != e.Path {
					t.Errorf("%+v", e)
				}
			}
			for _, name := range odd {
				if !paths[name] {
					t.Errorf("%q is not shown", name)
				}
			}
			list, err := w.List(t.Context(), api.ResultListOptions{Ref: ref})
			if err != nil {
				t.Fatal(err)
			}
			if got := list.Items[0].Files; got != len(shown.Items[0].Entries) {
				t.Errorf("%d files are listed and %d shown", got, len(shown.Items[0].Entries))
			}

			if _, err := w.Delete(t.Context(), ref, api.ResultDeleteOptions{Force: true}); err != nil {
				t.Fatal(err)
			}
			for o, err := range w.store.List(t.Context(), "", store.ListOptions{}) {
				t.Errorf("%q is left, %v", o.Key, err)
			}
		})
	}
}

// membersOf are the files of an archive, by their paths below the result's folder.
func membersOf(t *testing.T, file string) map[string]string {
	t.Helper()
	opened, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	members, r := map[string]string{}, tar.NewReader(opened)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return members
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		members[strings.SplitN(h.Name, "/", 3)[2]] = string(data)
	}
}

// Programs may mark folders, or put something beside the nodes.
func TestAllOfATaskIsDeletedWhoeverPutItThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.keep(task("aaaabbbb", 0, succeeded, map[string]string{"a": "1"}), task("aaaabbbb", 1, succeeded, map[string]string{"a": "1"}))
	w.put("tasks/aaaabbbb/notes.txt", "x")
	w.put("tasks/aaaabbbb/other/x", "x")
	var o api.ResultDeleteOptions
	left := func(want ...string) {
		t.Helper()
		var got []string
		for o, err := range w.store.List(t.Context(), "", store.ListOptions{}) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, o.Key)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	if _, err := w.Delete(t.Context(), "aaaabbbb/0", o); err != nil {
		t.Fatal(err)
	}
	left("tasks/aaaabbbb/1/_vast/logs/task.log", "tasks/aaaabbbb/1/_vast/manifest.json", "tasks/aaaabbbb/1/a", "tasks/aaaabbbb/notes.txt", "tasks/aaaabbbb/other/x")
	if _, err := w.Delete(t.Context(), "aaaabbbb", o); err != nil {
		t.Fatal(err)
	}
	left()
	// What is left when the nodes have gone one by one is found, too.
	w.keep(task("ccccdddd", 0, succeeded, map[string]string{"a": "1"}))
	w.put("tasks/ccccdddd/notes.txt", "x")
	for _, ref := range []string{"ccccdddd/0", "ccccdddd"} {
		if _, err := w.Delete(t.Context(), ref, o); err != nil {
			t.Fatal(err)
		}
	}
	left()
}

// blind is a store whose lists do not show some names, as versitygw's do not.
type blind struct{ store.Backend }

func (b blind) List(ctx context.Context, prefix string, o store.ListOptions) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		for o, err := range b.Backend.List(ctx, prefix, o) {
			if !strings.Contains(o.Key, "/.sgwtmp/") && !yield(o, err) {
				return
			}
		}
	}
}

func TestWhatNoListShowsIsDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.store
	w.open = func(context.Context) (store.Backend, func(), error) { return blind{b}, func() {}, nil }
	k := task("aaaabbbb", 0, succeeded, map[string]string{"a": "1"})
	k.change = func(m *layout.Inventory) {
		m.Missing = []layout.Missing{{Path: ".sgwtmp/x", Reason: "it was written to all the time"}, {Path: "../../other", Reason: "x"}}
	}
	w.keep(k)
	w.put(k.prefix+".sgwtmp/x", "x")
	w.put("tasks/other", "x")
	if _, err := w.Delete(t.Context(), "aaaabbbb", api.ResultDeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if w.get(k.prefix+".sgwtmp/x") || !w.get("tasks/other") {
		t.Error("another object was deleted, or the unseen one was not")
	}
}
