package result

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
)

// treeOf is the content of a folder: "name mode content".
func treeOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		info, err := d.Info()
		switch {
		case err != nil:
			return err
		case d.Type() == fs.ModeSymlink:
			found[name], err = os.Readlink(path)
			found[name] = "-> " + found[name]
		case d.IsDir():
			if left, _ := os.ReadDir(path); len(left) == 0 {
				found[name] = "empty " + info.Mode().Perm().String()
			}
		case strings.HasSuffix(name, layout.InventoryFile):
			found[name] = "inventory"
		case strings.HasSuffix(name, fetchedFile):
			found[name] = "notes"
		default:
			data, readErr := os.ReadFile(path)
			found[name], err = info.Mode().Perm().String()+" "+string(data), readErr
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func rich() kept {
	k := task("aaaabbbb", 0, succeeded, map[string]string{"a/b.txt": "12345", "empty": "", "bin/tool": "#!"})
	k.more = []layout.File{{Path: "none/here", Dir: true, Mode: 0o750}, {Path: "a/link", Link: "b.txt"}, {Path: "up", Link: "a/../../x"}, {Path: "abs", Link: "/etc/passwd"}}
	k.change = func(m *layout.Inventory) {
		for i := range m.Files {
			if m.Files[i].Path == "bin/tool" {
				m.Files[i].Mode = 0o755
			}
		}
		m.Missing = []layout.Missing{{Path: "pipe", Reason: "a pipe"}}
	}
	return k
}

func wantRich(prefix string) map[string]string {
	p := prefix + "train-aaaabbbb/0/"
	return map[string]string{
		p + "a/b.txt": "-rw-r--r-- 12345", p + "empty": "-rw-r--r-- ", p + "bin/tool": "-rwxr-xr-x #!",
		p + "none/here": "empty -rwxr-xr-x", p + "a/link": "-> b.txt",
		p + "_vast/logs/task.log": "-rw-r--r-- hello\n", p + "_vast/manifest.json": "inventory",
	}
}

func TestDownloadGivesWhatWasKept(t *testing.T) {
	w := newWorld(t)
	w.keep(rich())
	dir := t.TempDir()
	o := api.DownloadOptions{Dir: dir}
	report, err := w.Download(t.Context(), "aaaabbbb", o)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wantRich(""), treeOf(t, dir)); diff != "" {
		t.Error(diff)
	}
	want := &api.DownloadReport{TypeMeta: api.TypeMeta[api.DownloadReport](), Path: dir, Results: 1, Files: 4, Bytes: 13, Missing: 1,
		LeftOut: []string{"train-aaaabbbb/0/up -> a/../../x", "train-aaaabbbb/0/abs -> /etc/passwd"}}
	if diff := cmp.Diff(want, report); diff != "" {
		t.Error(diff)
	}
	report, err = w.Download(t.Context(), "aaaabbbb", o)
	if err != nil || report.Files != 0 || report.Bytes != 0 || report.Skipped != 4 {
		t.Errorf("a second time: %+v, %v", report, err)
	}
}

func TestDownloadOverwritesNothingWithoutForce(t *testing.T) {
	tests := map[string]struct {
		name, content string
		asLink        bool
	}{
		"a file of another size":     {"a/b.txt", "1", false},
		"a file of the same size":    {"a/b.txt", "54321", false},
		"a link instead of a file":   {"empty", "nowhere", true},
		"a link to elsewhere":        {"a/link", "nowhere", true},
		"a log that is not this one": {"_vast/logs/task.log", "other\n", false},
		"another inventory":          {"_vast/manifest.json", "{}", false},
		"an inventory that is none":  {"_vast/manifest.json", "x", false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.keep(rich())
			dir := t.TempDir()
			path := filepath.Join(dir, "train-aaaabbbb/0", tc.name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			put := func() error { return os.WriteFile(path, []byte(tc.content), 0o600) }
			if tc.asLink {
				put = func() error { return os.Symlink(tc.content, path) }
			}
			if err := put(); err != nil {
				t.Fatal(err)
			}
			o := api.DownloadOptions{Dir: dir}
			_, err := w.Download(t.Context(), "aaaabbbb", o)
			var conflict *api.ConflictError
			if !errors.As(err, &conflict) || !strings.Contains(err.Error(), tc.name) {
				t.Fatalf("error %v, want a ConflictError that names %s", err, tc.name)
			}
			if got, _ := os.ReadFile(path); !tc.asLink && string(got) != tc.content {
				t.Errorf("it was overwritten with %q", got)
			}
			o.Force = true
			if _, err := w.Download(t.Context(), "aaaabbbb", o); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(wantRich(""), treeOf(t, dir)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDownloadTakesALogThatHasGrown(t *testing.T) {
	w := newWorld(t, job("aaaabbbb", true))
	k := task("aaaabbbb", 0, succeeded, nil)
	k.log, k.incomplete = "2026-03-01T12:00:00Z one\n", true
	k.files = map[string]string{"a": "1"}
	w.keep(k)
	dir := t.TempDir()
	o := api.DownloadOptions{Dir: dir}
	report, err := w.Download(t.Context(), "aaaabbbb", o)
	if err != nil || len(report.Incomplete) != 1 {
		t.Fatalf("%+v, %v", report, err)
	}
	k.log, k.incomplete = "2026-03-01T12:00:00Z one\n2026-03-01T12:00:01Z two\n", false
	w.keep(k)
	if report, err = w.Download(t.Context(), "aaaabbbb", o); err != nil || len(report.Incomplete) != 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	if got := treeOf(t, dir)["train-aaaabbbb/0/_vast/logs/task.log"]; got != "-rw-r--r-- one\ntwo\n" {
		t.Errorf("log %q", got)
	}
}

// One name that cannot be is no reason to lose the rest, and none to leave the
// folder.
func TestDownloadCannotLeaveItsFolder(t *testing.T) {
	for name, path := range map[string]string{
		"up":                "../../../evil",
		"up in the middle":  "a/../../../evil",
		"absolute":          "/tmp/evil",
		"to its own folder": ".",
		"an empty part":     "a//b",
		"through a dot":     "./a",
		"with a zero byte":  "a\x00b",
		"of no name at all": "",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			k := task("aaaabbbb", 0, succeeded, map[string]string{"a": "1"})
			k.log = ""
			k.change = func(m *layout.Inventory) { m.Files = append(m.Files, layout.File{Path: path, Size: 1}) }
			w.keep(k)
			dir := t.TempDir()
			report, err := w.Download(t.Context(), "aaaabbbb", api.DownloadOptions{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]string{"train-aaaabbbb/0/a": "-rw-r--r-- 1", "train-aaaabbbb/0/_vast/manifest.json": "inventory"}
			leftOut := []string{"train-aaaabbbb/0/" + path + " (no object can have its key)"}
			if diff := cmp.Diff(want, treeOf(t, dir)) + cmp.Diff(leftOut, report.LeftOut); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDownloadMakesNothingBelowALinkOrAFile(t *testing.T) {
	for name, c := range map[string]struct {
		more    []layout.File
		want    map[string]string
		renamed map[string]string
	}{
		"a chain of links": {more: []layout.File{{Path: "a/up", Link: "."}, {Path: "a/up/out", Link: ".."}},
			want: map[string]string{"b": "-rw-r--r-- 1", "a/up~2": "-> .", "a/up/out": "-> .."}, renamed: map[string]string{"a/up": "a/up~2"}},
		"a file below a link": {more: []layout.File{{Path: "to", Link: "a"}, {Path: "to/x/y", Key: "b", Size: 1}},
			want: map[string]string{"b": "-rw-r--r-- 1", "to~2": "-> a", "to/x/y": "-rw-r--r-- 1"}, renamed: map[string]string{"to": "to~2"}},
		"a folder below a link": {more: []layout.File{{Path: "to", Link: "a"}, {Path: "to/none", Dir: true}},
			want: map[string]string{"b": "-rw-r--r-- 1", "to~2": "-> a", "to/none": "empty -rwxr-xr-x"}, renamed: map[string]string{"to": "to~2"}},
		"a link below a file": {more: []layout.File{{Path: "b/l", Link: "c"}},
			want: map[string]string{"b~2": "-rw-r--r-- 1", "b/l": "-> c"}, renamed: map[string]string{"b": "b~2"}},
		"two of one name": {more: []layout.File{{Path: "b", Link: "c"}},
			want: map[string]string{"b": "-> c", "b~2": "-rw-r--r-- 1"}, renamed: map[string]string{"b": "b~2"}},
		"what has the name of our own folder": {more: []layout.File{{Path: "_vast/manifest.json", Key: "b", Size: 1}},
			want: map[string]string{"b": "-rw-r--r-- 1", "%5Fvast/manifest.json": "-rw-r--r-- 1"}, renamed: map[string]string{"_vast/manifest.json": "%5Fvast/manifest.json"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			k := task("aaaabbbb", 0, succeeded, map[string]string{"a/f": "1", "b": "1"})
			k.log, k.more = "", c.more
			w.keep(k)
			dir := t.TempDir()
			report, err := w.Download(t.Context(), "aaaabbbb", api.DownloadOptions{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]string{"train-aaaabbbb/0/a/f": "-rw-r--r-- 1", "train-aaaabbbb/0/_vast/manifest.json": "inventory"}
			for name, content := range c.want {
				want["train-aaaabbbb/0/"+name] = content
			}
			renamed := map[string]string{}
			for _, r := range report.Renamed {
				renamed[r.Path] = r.To
			}
			if diff := cmp.Diff(want, treeOf(t, dir)) + cmp.Diff(c.renamed, renamed); diff != "" {
				t.Error(diff)
			}
			o := api.DownloadOptions{Archive: filepath.Join(dir, "x.tar.gz")}
			if _, err := w.Download(t.Context(), "aaaabbbb", o); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestDownloadDoesNotWriteThroughALinkThatLeadsOut(t *testing.T) {
	w := newWorld(t)
	w.keep(task("aaaabbbb", 0, succeeded, map[string]string{"a/b": "1"}))
	dir, outside := t.TempDir(), t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "train-aaaabbbb"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "train-aaaabbbb/0")); err != nil {
		t.Fatal(err)
	}
	_, err := w.Download(t.Context(), "aaaabbbb", api.DownloadOptions{Dir: dir, Force: true})
	if err == nil || len(treeOf(t, outside)) != 0 {
		t.Errorf("error %v, outside %v", err, treeOf(t, outside))
	}
}

func TestDownloadOfACampaignKeepsItsRunsApart(t *testing.T) {
	w := filled(t)
	dir := t.TempDir()
	report, err := w.Download(t.Context(), sweep, api.DownloadOptions{ResultSelector: api.ResultSelector{Configs: []string{"b-*"}}, Dir: dir, NoLogs: true})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		sweep + "/b-1/0/r": "-rw-r--r-- 11", sweep + "/b-1/0/_vast/manifest.json": "inventory",
		sweep + "/b-1/1/_vast/manifest.json": "inventory", sweep + "/b-2/0/half": "-rw-r--r-- 1", sweep + "/b-2/0/_vast/fetched.json": "notes",
	}
	if diff := cmp.Diff(want, treeOf(t, dir)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{sweep + "/b-2/0"}, report.Incomplete); diff != "" {
		t.Error(diff)
	}
}
