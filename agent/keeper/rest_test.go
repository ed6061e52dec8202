package keeper

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// keeperInto returns a Keeper of one result with one folder, which keeps into a
// folder.
func keeperInto(t *testing.T, dir string) *Keeper {
	t.Helper()
	b, err := store.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	k, err := New(agentspec.Keep{Results: []agentspec.Result{{Prefix: "r/", Index: "index/", Dirs: []agentspec.Dir{{Path: dir}}}}, LogPrefix: "r/_vast/logs/"},
		Where{Scratch: t.TempDir()}, nil, b, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func put(t *testing.T, k *Keeper, key, content string) {
	t.Helper()
	if _, err := k.store.Put(t.Context(), key, strings.NewReader(content), int64(len(content)), store.PutOptions{}); err != nil {
		t.Fatal(err)
	}
}

func inStore(t *testing.T, k *Keeper) map[string]string {
	t.Helper()
	all := map[string]string{}
	for o, err := range k.store.List(t.Context(), "", store.ListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		content, _, err := k.store.Get(t.Context(), o.Key, 0)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(content)
		content.Close()
		if err != nil {
			t.Fatal(err)
		}
		all[o.Key] = string(data)
	}
	return all
}

func paths(files []layout.File) []string {
	var all []string
	for _, f := range files {
		all = append(all, f.Path)
	}
	return all
}

func TestTheRestIsWhatTheFolderHoldsInTheEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before map[string]string // in the folder while the workload runs
		after  map[string]string // what comes later; "" removes
		store  map[string]string // what an earlier attempt left
		want   map[string]string
	}{
		"everything":                       {after: map[string]string{"a": "1", "d/b": "2"}, want: map[string]string{"r/a": "1", "r/d/b": "2"}},
		"what was sent and has grown":      {before: map[string]string{"a": "1"}, after: map[string]string{"a": "12"}, want: map[string]string{"r/a": "12"}},
		"not what was sent and removed":    {before: map[string]string{"a": "1", "b": "1"}, after: map[string]string{"a": ""}, want: map[string]string{"r/b": "1"}},
		"not what an earlier attempt left": {before: map[string]string{"a": "1"}, store: map[string]string{"r/old": "x", "r/d/old": "x"}, want: map[string]string{"r/a": "1"}},
		"a folder where a file was sent":   {before: map[string]string{"a": "1", "b": "1"}, after: map[string]string{"a": "", "a/x": "2"}, want: map[string]string{"r/a/x": "2", "r/b": "1"}},
		"a file where a folder was sent":   {before: map[string]string{"a/x": "1", "b": "1"}, after: map[string]string{"a/x": "", "a": "2"}, want: map[string]string{"r/a": "2", "r/b": "1"}},
		"ours and other results stay":      {store: map[string]string{"r/_vast/logs/task.log": "x", "r2/a": "x"}, want: map[string]string{"r/_vast/logs/task.log": "x", "r2/a": "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := folderOf(t, c.before)
			k := keeperInto(t, dir)
			for key, content := range c.store {
				put(t, k, key, content)
			}
			if err := k.pass(t.Context()); err != nil {
				t.Fatal(err)
			}
			for name, content := range c.after {
				if content != "" {
					continue
				}
				if err := os.RemoveAll(filepath.Join(dir, strings.TrimSuffix(name, "/x"))); err != nil {
					t.Fatal(err)
				}
			}
			for name, content := range c.after {
				if content != "" {
					write(t, filepath.Join(dir, name), content, false)
				}
			}
			if err := k.pass(t.Context()); err != nil {
				t.Error(err)
			}
			m, err := k.sendResult(t.Context(), k.results[0])
			if err != nil {
				t.Fatal(err)
			}
			there := inStore(t, k)
			if diff := cmp.Diff(c.want, there); diff != "" {
				t.Error(diff)
			}
			for _, f := range m.Files {
				if content := there["r/"+f.Path]; int64(len(content)) != f.Size || f.SHA256 == "" {
					t.Errorf("%+v is %q in the store", f, content)
				}
			}
		})
	}
}

func TestWhatTheStoreHasLostIsSentAgain(t *testing.T) {
	t.Parallel()
	k := keeperInto(t, folderOf(t, map[string]string{"a": "1", "b": "2"}))
	if err := k.pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := k.store.Delete(t.Context(), "r/a"); err != nil {
		t.Fatal(err)
	}
	put(t, k, "r/b", "other")
	m, err := k.sendResult(t.Context(), k.results[0])
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"r/a": "1", "r/b": "2"}, inStore(t, k)); diff != "" || len(m.Missing) > 0 {
		t.Errorf("%v; %s", m.Missing, diff)
	}
}

// refusing is a store that does not take one key.
type refusing struct {
	store.Backend
	key string
}

func (b refusing) Put(ctx context.Context, key string, r io.Reader, size int64, o store.PutOptions) (store.Object, error) {
	if key == b.key {
		return store.Object{}, api.Invalid("", "not this one")
	}
	return b.Backend.Put(ctx, key, r, size, o)
}

func TestAFileThatTheStoreDoesNotTakeIsMissingAndTheOthersAreNot(t *testing.T) {
	t.Parallel()
	k := keeperInto(t, folderOf(t, map[string]string{"a": "1", "b": "2", "z": "3"}))
	k.sender.store = refusing{k.store, "r/b"}
	m, err := k.sendResult(t.Context(), k.results[0])
	if err != nil {
		t.Fatal(err)
	}
	want := []layout.Missing{{Path: "b", Reason: "not this one"}}
	if diff := cmp.Diff(want, m.Missing) + cmp.Diff([]string{"a", "z"}, paths(m.Files)); diff != "" {
		t.Error(diff)
	}
}

func TestAFileThatCannotBeReadIsMissingAndTheOthersAreNot(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("root reads everything")
	}
	dir := folderOf(t, map[string]string{"a": "1", "b": "2", "z": "3"})
	if err := os.Chmod(filepath.Join(dir, "b"), 0); err != nil {
		t.Fatal(err)
	}
	k := keeperInto(t, dir)
	m, err := k.sendResult(t.Context(), k.results[0])
	if err != nil {
		t.Fatal(err)
	}
	want := []layout.Missing{{Path: "b", Reason: "permission denied"}}
	if diff := cmp.Diff(want, m.Missing); diff != "" || !slices.Equal(paths(m.Files), []string{"a", "z"}) {
		t.Errorf("%v; %s", m.Files, diff)
	}
}

func TestAnAttemptTakesBackWhatAnEarlierOneSaidOfItsEnd(t *testing.T) {
	t.Parallel()
	k := keeperInto(t, folderOf(t, nil))
	put(t, k, "r/"+layout.InventoryFile, "{}")
	put(t, k, "index/Failed.Exit", "")
	put(t, k, "index2/Failed.Exit", "")
	if err := k.pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"index2/Failed.Exit": ""}, inStore(t, k)); diff != "" {
		t.Error(diff)
	}
	put(t, k, "r/"+layout.InventoryFile, "{}") // its own, later
	if err := k.pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(inStore(t, k)) != 2 {
		t.Error("it was taken back twice")
	}
}
