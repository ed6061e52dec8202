package pack

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestScanLeavesOut(t *testing.T) {
	for name, tc := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"nothing without an ignore file": {
			map[string]string{"a": "", "b/c": "", "d/": ""},
			[]string{"a", "b", "b/c", "d"},
		},
		"git's own folder, also in a folder of another repository": {
			map[string]string{"a": "", ".git/config": "", "sub/.git": "gitdir: x"},
			[]string{"a", "sub"},
		},
		"what .gitignore and git's exclude file name": {
			map[string]string{".gitignore": "*.log\n", ".git/info/exclude": "secret\n", "a.log": "", "sub/b.log": "", "sub/secret": "", "keep": ""},
			[]string{".gitignore", "keep", "sub"},
		},
		"what the .gitignore of an inner folder names, there only": {
			map[string]string{"x": "", "sub/.gitignore": "/x\ny/\n", "sub/x": "", "sub/deep/x": "", "sub/y/z": "", "y": ""},
			[]string{"sub", "sub/.gitignore", "sub/deep", "sub/deep/x", "x", "y"},
		},
		"not what an inner folder includes again": {
			map[string]string{".gitignore": "*.log\n", "sub/.gitignore": "!keep.log\n", "keep.log": "", "sub/keep.log": "", "sub/x.log": ""},
			[]string{".gitignore", "sub", "sub/.gitignore", "sub/keep.log"},
		},
		"what .skyignore names, instead of .gitignore and .git": {
			map[string]string{".skyignore": "/data\n", ".gitignore": "*.log\n", "a.log": "", "data/x": "", "sub/data/x": "", ".git/HEAD": ""},
			[]string{".git", ".git/HEAD", ".gitignore", ".skyignore", "a.log", "sub", "sub/data", "sub/data/x"},
		},
		"not what a .skyignore says that does not stand at the top": {
			map[string]string{"sub/.skyignore": "*\n", "sub/x": ""},
			[]string{"sub", "sub/.skyignore", "sub/x"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, tc.files)
			folder, err := Scan(t.Context(), dir, ScanOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Join(tc.want, "\n")+"\n", names(folder.Entries)); diff != "" {
				t.Errorf("entries (-want,+got):\n%s", diff)
			}
		})
	}
}

func TestScanOfAllTakesIgnoredFilesToo(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{".gitignore": "*\n", ".git/HEAD": "", "x": "1"})
	folder, err := Scan(t.Context(), dir, ScanOptions{All: true})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(".git\n.git/HEAD\n.gitignore\nx\n", names(folder.Entries)); diff != "" {
		t.Errorf("entries (-want,+got):\n%s", diff)
	}
}

// Git itself is asked what each pattern means.
func TestIgnoreFilesMeanWhatTheyMeanToGit(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip("there is no git")
	}
	files := []string{
		"a", "b.log", "c.txt", "foo", "foobar", "#hash", "!bang", "sp ace", "tail ", "{x,y}", "x", "[z]", "z", `back\slash`, "é",
		"dir/a", "dir/b.log", "dir/sub/a", "dir/sub/b.log", "dir/sub/deep/a", "dir/sub/deep/c.txt", "a1/b/a/x", "a1/a/b/c", "foo1/foo", "build/out/a", "build/keep",
	}
	dir := t.TempDir()
	content := map[string]string{}
	for _, f := range files {
		content[f] = ""
	}
	write(t, dir, content)
	ask := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), git, args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	ask("init", "-q")
	for _, patterns := range []string{
		"a", "/a", "a/", "dir/a", "/dir/a", "dir/", "/dir/*", "*.log", "/*.log", "dir/*.log", "**/a", "**/sub/a", "dir/**", "dir/**/a", "a1/**/c", "a1/**/b/c", "**/a/**",
		"foo*", "foo?", "fo[o]", "foo[!1]*", "foo[^1]*", "[a-c]", `\#hash`, `\!bang`, "#hash", "sp ace", `tail\ `, "tail ", "{x,y}", `\{x,y\}`, `\[z\]`, "[z]", `back\\slash`, "é", "?[ab]?*",
		"*\n!a", "*\n!*/\n!a", "/*\n!/dir", "dir/*\n!dir/sub", "*.log\n!dir/b.log", "build/\n!build/keep", "build/*\n!build/keep", "!a\na", "a\n!a\na/", "", "/", "//", "***", "dir/***", "**", "dir//a", "[", "a[", "  a", "\ta", "a\r",
	} {
		t.Run(strings.ReplaceAll(patterns, "\n", " then "), func(t *testing.T) {
			write(t, dir, map[string]string{".gitignore": patterns + "\n"})
			want := strings.Split(strings.TrimSuffix(ask("ls-files", "-z", "--others", "--exclude-standard"), "\x00"), "\x00")
			slices.Sort(want)
			folder, err := Scan(t.Context(), dir, ScanOptions{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range folder.Entries {
				if e.Mode.IsRegular() {
					got = append(got, e.Name)
				}
			}
			if diff := cmp.Diff(strings.Join(want, "\n"), strings.Join(got, "\n")); diff != "" {
				t.Errorf("files that stay (-git,+ours):\n%s", diff)
			}
		})
	}
}

func TestScanReportsWhatCannotBePacked(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"sub/in -> ../x": "", "x": "", "dangling -> nowhere": "",
	})
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", filepath.Join(dir, "socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	folder, err := Scan(t.Context(), dir, ScanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Skipped{
		{"pipe", "it is a named pipe"},
		{"socket", "it is a socket"},
	}
	if diff := cmp.Diff(want, folder.Skipped); diff != "" {
		t.Errorf("skipped (-want,+got):\n%s", diff)
	}
	if diff := cmp.Diff("dangling\nsub\nsub/in\nx\n", names(folder.Entries)); diff != "" {
		t.Errorf("entries (-want,+got):\n%s", diff)
	}
}

func TestScanOfAMissingFolderIsAnError(t *testing.T) {
	_, err := Scan(t.Context(), filepath.Join(t.TempDir(), "no"), ScanOptions{})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

func TestScanFollowsALinkThatIsTheFolderItself(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"real/a": "1", "link -> real": ""})
	folder, err := Scan(t.Context(), filepath.Join(dir, "link"), ScanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("a\n", names(folder.Entries)); diff != "" {
		t.Errorf("entries (-want,+got):\n%s", diff)
	}
}
