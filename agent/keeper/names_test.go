package keeper

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// oddNames are those that a store, or a list of one, does not take as they are.
var oddNames = []string{
	`back\slash`, "a\x01b", "a\x02b", "\x1b[31m", "new\nline", "del\x7f", "not utf-8 \xff", "dir \xff\x03/x", ".sgwtmp/x", "sub/.sgwtmp",
	"_vast/manifest.json", "%01", "a\ufffdb", "trail ", " lead", "dot.", "...", "a\u202eb", strings.Repeat("n", 255), strings.Repeat("\x01", 255),
}

func TestEveryNameIsKeptOnceAndForAll(t *testing.T) {
	t.Parallel()
	files := map[string]string{"safe/name": "safe", strings.Repeat("deep/", 250) + "end": "deep"}
	for _, name := range oddNames {
		files[name] = "content of " + name
	}
	dir := folderOf(t, files)
	for name, target := range map[string]string{"li\xff\\nk": "a\xfe", "b\xff": "x"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "empty \xff"), 0o700); err != nil {
		t.Fatal(err)
	}
	k := keeperInto(t, dir)
	put(t, k, "r/a\x01b", "what an older program sent, whose lists did not show it")
	puts := &counting{Backend: k.store}
	k.sender.store = puts
	if err := k.pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	sent := puts.n.Load()
	m, err := k.sendResult(t.Context(), k.results[0])
	if err != nil {
		t.Fatal(err)
	}
	if puts.n.Load() != sent {
		t.Errorf("%d were sent again", puts.n.Load()-sent)
	}
	// As it is read from the store.
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var read layout.Inventory
	if err := json.Unmarshal(data, &read); err != nil {
		t.Fatal(err)
	}
	there := inStore(t, k)
	got, links := map[string]string{}, map[string]string{}
	for _, f := range read.Files {
		if f.Link != "" || f.Dir {
			links[f.Path] = f.Link
			continue
		}
		key := "r/" + f.ObjectKey()
		got[f.Path] = there[key]
		delete(there, key)
		if layout.IsLongKey(f.Key) {
			if path := layout.LongPathKey(key); there[path] == f.Path {
				delete(there, path)
			}
		}
	}
	for what, diff := range map[string]string{
		"files": cmp.Diff(files, got), "links": cmp.Diff(map[string]string{"li\xff\\nk": "a\xfe", "b\xff": "x", "empty \xff": ""}, links),
		"missing": cmp.Diff([]layout.Missing(nil), read.Missing), "besides": cmp.Diff(map[string]string{}, there),
	} {
		if diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
}

// Runs that share a pod share the folder above theirs.
func TestFilesBesideTheFoldersOfRuns(t *testing.T) {
	t.Parallel()
	out := folderOf(t, map[string]string{"c/0/a": "own", "c/1/b": "own", "c/shared": "1", "params.yaml": "1", "_jobs/j/x": "job", "_jobs/other": "1", "none/": "", "l": "->c/0"})
	b, err := store.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	k, err := New(agentspec.Keep{LogPrefix: "logs/", Results: []agentspec.Result{
		{Name: "c/0", Prefix: "r/0/", Dirs: []agentspec.Dir{{Path: out + "/c/0"}}},
		{Name: "c/1", Prefix: "r/1/", Dirs: []agentspec.Dir{{Path: out + "/c/1"}, {Path: out, As: "_out/", Rest: true}, {Path: out + "/_jobs/j", As: "_job/"}}},
	}}, Where{Scratch: t.TempDir()}, nil, b, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	var missing []layout.Missing
	var entries []string
	for _, r := range k.results {
		m, err := k.sendResult(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		missing = append(missing, m.Missing...)
		for _, f := range m.Files {
			if f.Dir || f.Link != "" {
				entries = append(entries, f.Path)
			}
		}
	}
	want := map[string]string{"r/0/a": "own", "r/1/b": "own", "r/1/_job/x": "job",
		"r/1/_out/c/shared": "1", "r/1/_out/params.yaml": "1", "r/1/_out/_jobs/other": "1"}
	if diff := cmp.Diff(want, inStore(t, k)) + cmp.Diff([]string{"_out/l", "_out/none"}, entries) + cmp.Diff([]layout.Missing(nil), missing); diff != "" {
		t.Error(diff)
	}
}

// What was finished hours ago is not sent again for its names.
func TestARunOfOddNamesIsFinishedOnce(t *testing.T) {
	t.Parallel()
	k := keeperInto(t, folderOf(t, map[string]string{`a\b`: "1", strings.Repeat("deep/", 250) + "end": "2", "c\xff": "3"}))
	m, err := k.sendResult(t.Context(), k.results[0])
	if err != nil {
		t.Fatal(err)
	}
	m.Outcome.State = api.Succeeded
	if err := k.write(t.Context(), k.results[0], m); err != nil {
		t.Fatal(err)
	}
	before, err := k.ranBefore(t.Context(), k.results[0])
	if err != nil || before == nil {
		t.Fatal(before, err)
	}
	if diff := cmp.Diff(m.Files, before.Files); diff != "" {
		t.Error(diff)
	}
}
