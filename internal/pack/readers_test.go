package pack

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// program is one that people open archives with.
type program struct {
	needs []string
	env   string
	// unpack, list and show are shell commands: of the archive $1 into the folder
	// $2, of its names and sizes, of the member $2.
	unpack, list, show string
}

const python = `import sys, tarfile
a = tarfile.open(sys.argv[1])
if sys.argv[2] == "-t":
    for m in a: print(m.size, m.name)
elif sys.argv[2] == "-x":
    sys.stdout.buffer.write(a.extractfile(sys.argv[3]).read())
elif hasattr(tarfile, "fully_trusted_filter"):
    a.extractall(sys.argv[2], filter="fully_trusted")
else:
    a.extractall(sys.argv[2])
`

var programs = map[string]program{
	"BusyBox": {needs: []string{"busybox"},
		unpack: `case $1 in *gz) z=-z;; esac; busybox tar -x $z -p -f "$1" -C "$2"`, list: `busybox tar -tvf "$1"`, show: `busybox tar -xOf "$1" "$2"`},
	"bsdtar": {needs: []string{"bsdtar"}, env: "LC_ALL=C.UTF-8",
		unpack: `bsdtar -x -p -f "$1" -C "$2"`, list: `bsdtar -tvf "$1"`, show: `bsdtar -xOf "$1" "$2"`},
	"bsdtar in the C locale": {needs: []string{"bsdtar"}, env: "LC_ALL=C",
		unpack: `bsdtar -x -p -f "$1" -C "$2"`},
	"GNU tar": {needs: []string{"tar", "zstd"},
		unpack: `tar -x -p --warning=no-timestamp -f "$1" -C "$2"`, list: `tar -tvf "$1"`, show: `tar -xOf "$1" "$2"`},
	"Python": {needs: []string{"python3"}, env: "PYTHONUTF8=1",
		unpack: `python3 -c "$python" "$1" "$2"`, list: `python3 -c "$python" "$1" -t`, show: `python3 -c "$python" "$1" -x "$2"`},
}

// run runs one of a reader's commands. Without the program the test is skipped,
// and fails in CI; `make test-unit` installs it where it can.
func (r program) run(t *testing.T, command string, args ...string) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("not every name in it can be had on this system")
	}
	for _, name := range r.needs {
		if _, err := exec.LookPath(name); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%v; see test-programs in the Makefile", err)
			}
			t.Skipf("%v; see test-programs in the Makefile", err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "sh", append([]string{"-ec", command, "sh"}, args...)...)
	cmd.Env = append(os.Environ(), "TZ=UTC", "python="+python, r.env)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil || errs.Len() > 0 {
		t.Errorf("%s: %v: %s", command, err, &errs)
	}
	return out.String()
}

// odd are members that readers have had their troubles with.
func odd() map[string]File {
	long := strings.Repeat("a folder with quite a long name/", 4)
	all := map[string]File{
		"modes/secret": {Mode: 0o400}, "modes/run.sh": {Mode: 0o755}, "modes/folder": {Mode: fs.ModeDir | 0o700}, "modes/all": {Mode: 0o666},
		"link": {Mode: fs.ModeSymlink | 0o777, Link: "modes/run.sh"}, "up/and down": {Mode: fs.ModeSymlink | 0o777, Link: "../modes/secret"},
		"nowhere": {Mode: fs.ModeSymlink | 0o777, Link: "gone"}, "far": {Mode: fs.ModeSymlink | 0o777, Link: long + "ö"},
	}
	for name, year := range map[string]int{"before": 1969, "first": 1970, "after 32 bits": 2039, "after 33 bits": 2243} {
		all["times/"+name] = File{Modified: time.Date(year, 1, 2, 3, 4, 5, 600_000_000, time.UTC)}
	}
	for _, name := range []string{
		"empty", "-rf", "--checkpoint=1", " ", "blank at the end ", "a\nb", "tab\tin it", `back\slash`, `quo"te's`, "*", "$HOME", "%C3%B6", ".hidden", "~",
		"\u00fcber gro\u00df", "e\u0301 in two", "\u00e9 in one", "\u65e5\u672c\u8a9e", "\U0001f600", "no\xffutf8", "\x01\x1b[2J", "\u202ereversed",
		strings.Repeat("n", 99), strings.Repeat("n", 100), strings.Repeat("n", 101), strings.Repeat("m", 255), strings.Repeat("\u00fc", 127),
		long + "x", long + strings.Repeat("y", 255), long + strings.Repeat("y", 254) + "z", "e\u0301", "\u00e9",
	} {
		all["names/"+name] = File{}
	}
	for name, f := range all {
		f.Name = name
		if f.Mode == 0 {
			f.Mode = 0o644
		}
		if f.Modified.IsZero() {
			f.Modified = time.Date(2026, 1, 2, 3, 4, 5, 999_999_999, time.UTC)
		}
		all[name] = f
	}
	return all
}

func TestArchivesAreReadAlikeByAllThatPeopleHave(t *testing.T) {
	want := map[string]string{}
	for name, f := range odd() {
		switch f.Mode.Type() {
		case fs.ModeSymlink:
			want[name] = "-> " + f.Link
		case fs.ModeDir:
			want[name] = f.Mode.String()
		default:
			want[name] = fmt.Sprintf("%v %v %q", f.Mode, f.Modified.Unix(), "this is "+name)
		}
	}
	for _, kind := range []string{"x.tar", "x.tar.gz", "x.tar.zst"} {
		file := filepath.Join(t.TempDir(), kind)
		out, err := os.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		a, err := ArchiveWriter(out, kind)
		if err != nil {
			t.Fatal(err)
		}
		for name, f := range odd() {
			content := ""
			if f.Mode.IsRegular() {
				content = "this is " + name
			}
			f.Size = int64(len(content))
			if err := a.Add(f, strings.NewReader(content)); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
		for name, r := range programs {
			if kind == "x.tar.zst" && (name == "BusyBox" || name == "Python") {
				continue // they do not support it
			}
			t.Run(kind+" by "+name, func(t *testing.T) {
				dir := t.TempDir()
				r.run(t, r.unpack, file, dir)
				if diff := cmp.Diff(want, broughtBack(t, dir)); diff != "" {
					t.Errorf("(-want,+got):\n%s", diff)
				}
			})
		}
	}
}

// broughtBack lists what is in a folder, but for folders that hold something.
func broughtBack(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(file, dir+"/")
		info, err := d.Info()
		if err != nil {
			return err
		}
		switch d.Type() {
		case fs.ModeSymlink:
			target, err := os.Readlink(file)
			found[name] = "-> " + target
			return err
		case fs.ModeDir:
			if list, err := os.ReadDir(file); err != nil || len(list) > 0 {
				return err
			}
			found[name] = info.Mode().String()
		default:
			content, err := os.ReadFile(file)
			found[name] = fmt.Sprintf("%v %v %q", info.Mode(), info.ModTime().Unix(), content)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// The archive is a file with a hole, over which the readers jump: it takes no
// room, and not a second.
func TestAFileBehindOneOfNineGiBIsFound(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.tar")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	a, err := ArchiveWriter(&holes{File: out}, file)
	if err != nil {
		t.Fatal(err)
	}
	const size = 9 << 30
	for _, m := range []struct {
		name    string
		size    int64
		content io.Reader
	}{{"before", 3, strings.NewReader("one")}, {"large", size, io.LimitReader(zeros{}, size)}, {"behind", 3, strings.NewReader("two")}} {
		if err := a.Add(File{Name: m.name, Mode: 0o644, Size: m.size, Modified: time.Unix(1e9, 0)}, m.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	end, err := out.Seek(0, io.SeekCurrent)
	if err == nil {
		err = out.Truncate(end) // the end of an archive is a hole, too
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	for name, r := range programs {
		if r.list == "" {
			continue
		}
		t.Run("by "+name, func(t *testing.T) {
			list := strings.Split(strings.TrimSpace(r.run(t, r.list, file)), "\n")
			for i, want := range []string{"3 before", "9663676416 large", "3 behind"} {
				size, name, _ := strings.Cut(want, " ")
				if i >= len(list) || !strings.Contains(" "+list[i], " "+size+" ") || !strings.HasSuffix(list[i], name) {
					t.Errorf("it lists\n%s\nbut member %d is %s", strings.Join(list, "\n"), i, want)
				}
			}
			if got := r.run(t, r.show, file, "behind"); got != "two" {
				t.Errorf("the rest is %q", got)
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// holes leaves a hole where nothing but zeros is written.
type holes struct{ *os.File }

var nothing [1 << 20]byte

func (h *holes) Write(p []byte) (int, error) {
	if len(p) <= len(nothing) && bytes.Equal(p, nothing[:len(p)]) {
		_, err := h.Seek(int64(len(p)), io.SeekCurrent)
		return len(p), err
	}
	return h.File.Write(p)
}
