package inputs

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/manifest"
	"github.com/kubevast/vast/sdk/spec"
)

// noise is text that does not get smaller.
func noise(seed uint64, n int) string {
	random := rand.New(rand.NewPCG(seed, 0))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return string(b)
}

func TestTheFilesOfATaskAreAtTheirPaths(t *testing.T) {
	files := map[string]string{
		"w/main.py": "main", "w/conf/a.yaml": "old", "w/.skyignore": "*.log\n", "w/x.log": "log",
		"data/one": "1", "data/sub/two": "2", "a.yaml": "new", "list/p/q": "pq",
	}
	for name, tc := range map[string]struct {
		task string
		want map[string]string
	}{
		"the workdir": {
			"workdir: w\n",
			map[string]string{"/sky_workdir/main.py": "main", "/sky_workdir/conf/a.yaml": "old", "/sky_workdir/.skyignore": "*.log\n"},
		},
		"a folder, a file, and a path in the home": {
			"file_mounts: {/mnt/data: ./data, /etc/app/conf.yaml: a.yaml, ~/x: ~/data/sub}\n",
			map[string]string{"/mnt/data/one": "1", "/mnt/data/sub/two": "2", "/etc/app/conf.yaml": "new", "/x/two": "2"},
		},
		"a file mount in the workdir, over what is there": {
			"workdir: w\nfile_mounts: {conf/a.yaml: a.yaml, ~/sky_workdir/deep/er: data}\n",
			map[string]string{
				"/sky_workdir/main.py": "main", "/sky_workdir/conf/a.yaml": "new", "/sky_workdir/.skyignore": "*.log\n",
				"/sky_workdir/deep/er/one": "1", "/sky_workdir/deep/er/sub/two": "2",
			},
		},
		"a relative path without a workdir": {
			"file_mounts: {conf: data/sub}\n",
			map[string]string{"/sky_workdir/conf/two": "2"},
		},
		"a mount in a later one": {
			"file_mounts: {/d/in: data/sub, /d: w/conf}\n",
			map[string]string{"/d/a.yaml": "old", "/d/in/two": "2"},
		},
		"a storage object that is copied": {
			"file_mounts: {/s: {source: data/, mode: copy, name: my-bucket}, /l: {source: [list/p, a.yaml], mode: COPY}}\n",
			map[string]string{"/s/one": "1", "/s/sub/two": "2", "/l/p/q": "pq", "/l/a.yaml": "new"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := plan(t, folder(t, files), tc.task)
			if p.NeedsStore() {
				t.Error("a small task needs a store")
			}
			if diff := cmp.Diff(tc.want, unpack(t, p, nil)); diff != "" {
				t.Errorf("files (-want,+got):\n%s", diff)
			}
		})
		t.Run(name+", through the store", func(t *testing.T) {
			all := map[string]string{"big/noise": noise(1, MaxSmall+1)}
			for k, v := range files {
				all[k] = v
			}
			text := tc.task + "file_mounts: {/big: big}\n"
			if before, mounts, ok := strings.Cut(tc.task, "file_mounts: {"); ok {
				text = before + "file_mounts: {/big: big, " + mounts
			}
			p, b := plan(t, folder(t, all), text), local(t)
			if !p.NeedsStore() {
				t.Fatal("a large task needs no store")
			}
			if err := p.Upload(t.Context(), b, nil); err != nil {
				t.Fatal(err)
			}
			want := map[string]string{"/big/noise": all["big/noise"]}
			for k, v := range tc.want {
				want[k] = v
			}
			if diff := cmp.Diff(want, unpack(t, p, b)); diff != "" {
				t.Errorf("files (-want,+got):\n%s", diff)
			}
		})
	}
}

func TestBucketsAndRepositoriesAreLeftToTheAgent(t *testing.T) {
	p := plan(t, folder(t, nil), `
workdir: {url: "https://example.com/x.git", ref: main}
file_mounts:
  /a: s3://bucket/path
  /b: {source: gs://bucket, mode: COPY}
  /c: {name: bucket, store: GCS, mode: COPY}
  data: s3://bucket/key.txt
`)
	want := []manifest.Files{
		{Path: "/a", Sources: []agentspec.Item{{URI: "s3://bucket/path"}}},
		{Path: "/b", Sources: []agentspec.Item{{URI: "gs://bucket"}}},
		{Path: "/c", Sources: []agentspec.Item{{URI: "gs://bucket"}}},
		{Path: "~/sky_workdir", Workdir: true, Sources: []agentspec.Item{
			{Git: "https://example.com/x.git", Ref: "main"}, {URI: "s3://bucket/key.txt", To: "data"}}},
	}
	if diff := cmp.Diff(want, p.Files()); diff != "" {
		t.Errorf("files (-want,+got):\n%s", diff)
	}
}

func TestATaskThatBringsNothingHasAnEmptyPlan(t *testing.T) {
	p := plan(t, t.TempDir(), "")
	if p.Files() != nil || p.NeedsStore() || p.Identity() != "" || p.Warnings() != nil {
		t.Errorf("plan %+v", p)
	}
}

func TestTheIdentityIsThatOfTheContent(t *testing.T) {
	const text = "workdir: w\nfile_mounts: {/a: a}\n"
	identity := func(files map[string]string, text string) string { return plan(t, folder(t, files), text).Identity() }
	base := identity(map[string]string{"w/x": "1", "a": "2"}, text)
	if again := identity(map[string]string{"w/x": "1", "a": "2"}, text); again != base {
		t.Error("the same files have another identity")
	}
	for name, other := range map[string]string{
		"another content": identity(map[string]string{"w/x": "1", "a": "3"}, text),
		"another name":    identity(map[string]string{"w/y": "1", "a": "2"}, text),
		"another place":   identity(map[string]string{"w/x": "1", "a": "2"}, "workdir: w\nfile_mounts: {/b: a}\n"),
		"a folder":        identity(map[string]string{"w/x": "1", "a/file": "2"}, text),
		"a bucket":        identity(map[string]string{"w/x": "1"}, "workdir: w\nfile_mounts: {/a: s3://a}\n"),
	} {
		if other == base {
			t.Errorf("%s has the same identity", name)
		}
	}
}

func TestWhatIsInTheStoreIsNotSentAgain(t *testing.T) {
	dir := folder(t, map[string]string{"w/x": noise(1, MaxSmall), "a/y": noise(2, 2<<20), "same": ""})
	if err := os.CopyFS(filepath.Join(dir, "b"), os.DirFS(filepath.Join(dir, "a"))); err != nil {
		t.Fatal(err)
	}
	const text = "workdir: w\nfile_mounts: {/a: a, /b: b}\n"
	b := local(t)
	var reported []api.TransferProgress
	report := func(p api.TransferProgress) { reported = append(reported, p) }
	if err := plan(t, dir, text).Upload(t.Context(), b, report); err != nil {
		t.Fatal(err)
	}
	if b.puts.Load() != 2 {
		t.Errorf("%d packs were sent, want 2: two mounts have the same content", b.puts.Load())
	}
	want := api.TransferProgress{Files: 2, TotalFiles: 2, Bytes: MaxSmall + 2<<20, TotalBytes: MaxSmall + 2<<20}
	if diff := cmp.Diff(want, reported[len(reported)-1]); diff != "" {
		t.Errorf("the last progress (-want,+got):\n%s", diff)
	}
	if err := os.WriteFile(filepath.Join(dir, "w", "x"), []byte(noise(3, MaxSmall)), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := plan(t, dir, text).Upload(t.Context(), b, report); err != nil {
		t.Fatal(err)
	}
	want.Skipped, want.SkippedBytes = 1, 2<<20
	if diff := cmp.Diff(want, reported[len(reported)-1]); diff != "" || b.puts.Load() != 3 {
		t.Errorf("%d packs were sent; the last progress (-want,+got):\n%s", b.puts.Load(), diff)
	}
}

func TestFilesThatChangeBeforeTheyAreSentAreAnError(t *testing.T) {
	dir := folder(t, map[string]string{"w/x": noise(1, 3<<20)})
	p := plan(t, dir, "workdir: w\n")
	if err := os.WriteFile(filepath.Join(dir, "w", "x"), []byte(noise(2, 3<<20)), 0o644); err != nil {
		t.Fatal(err)
	}
	b := local(t)
	err := p.Upload(t.Context(), b, nil)
	var conflict *api.ConflictError
	if !errors.As(err, &conflict) {
		t.Errorf("error %v", err)
	}
	for o, err := range b.List(t.Context(), "", storeAll) {
		t.Errorf("%v was stored; error %v", o, err)
	}
}

func TestOmittedFilesAreReported(t *testing.T) {
	dir := folder(t, map[string]string{"w/x": "1"})
	for i := range maxWarnings + 2 {
		if err := syscall.Mkfifo(filepath.Join(dir, "w", fmt.Sprint("p", i)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got := strings.ReplaceAll(strings.Join(plan(t, dir, "workdir: w\n").Warnings(), "\n"), dir, "")
	want := "/w/p0 is left out: it is a named pipe\n"
	if !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "\n2 more in /w are left out") || strings.Count(got, "\n") != maxWarnings {
		t.Errorf("warnings:\n%s", got)
	}
}

func TestLinksOutOfATasksFilesAreReportedAtOnce(t *testing.T) {
	dir := folder(t, map[string]string{"w/x": "1", "m/sub/y": "2", "secret": "3", "f-hidden/z": "4"})
	for link, target := range map[string]string{"w/s": "../secret", "w/loop": ".", "m/sub/etc": "/etc", "m/up": "../m/sub", "f-hidden/out": "../w", "v": "m"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	given := task(t, "workdir: w\nfile_mounts:\n  /a: m\n  /b: v\n  /c: {source: [m/sub, secret], mode: COPY}\n  /d: f-$WORD\nsecrets: {WORD: hidden}\n")
	_, err := New(t.Context(), given, Options{Dir: dir, Home: dir, Notify: func(api.TransferProgress) { t.Error("files are read") }})
	var invalid *api.InvalidSpecError
	if !errors.As(err, &invalid) {
		t.Fatalf("error %v", err)
	}
	const mend = ", outside of the folder; put what it leads to in its place, or name it in a .gitignore"
	want := []string{
		"task.yaml:1:10: workdir: DIR/w/s: it is a link to ../secret" + mend,
		"task.yaml:3:7: file_mounts[/a]: DIR/m/sub/etc: it is a link to /etc" + mend,
		"task.yaml:4:7: file_mounts[/b]: DIR/v/sub/etc: it is a link to /etc" + mend,
		"task.yaml:5:7: file_mounts[/c].source[0]: DIR/m/sub/etc: it is a link to /etc" + mend,
		"task.yaml:6:7: file_mounts[/d]: DIR/f-(a secret)/out: it is a link to ../w" + mend,
	}
	if diff := cmp.Diff(want, strings.Split(strings.ReplaceAll(err.Error(), dir, "DIR"), "\n")); diff != "" {
		t.Errorf("problems (-want,+got):\n%s", diff)
	}
}

func TestALinkThatIsTheMountItselfIsFollowed(t *testing.T) {
	dir := folder(t, map[string]string{"real/x": "1", "real/one": "2"})
	for link, target := range map[string]string{"w": "real", "f": "real/one", "real/loop": "../real"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]string{"/sky_workdir/x": "1", "/sky_workdir/one": "2", "/etc/one": "2"}
	if diff := cmp.Diff(want, unpack(t, plan(t, dir, "workdir: w\nfile_mounts: {/etc/one: f}\n"), nil)); diff != "" {
		t.Errorf("files (-want,+got):\n%s", diff)
	}
}

func TestReadingReportsItsProgress(t *testing.T) {
	dir := folder(t, map[string]string{"work/a": noise(1, 3<<20), "work/b": "2", "one": "3"})
	task := &spec.Task{Workdir: &spec.Workdir{Local: "work"}, FileMounts: []spec.FileMount{{Path: "/data/one", Source: "one"}}}
	var last api.TransferProgress
	if _, err := New(t.Context(), task, Options{Dir: dir, Notify: func(p api.TransferProgress) { last = p }}); err != nil {
		t.Fatal(err)
	}
	want := api.TransferProgress{Reading: true, Files: 3, TotalFiles: 3, Bytes: 3<<20 + 2, TotalBytes: 3<<20 + 2}
	if diff := cmp.Diff(want, last); diff != "" {
		t.Errorf("(-want,+got):\n%s", diff)
	}
}
