//go:build unix

package files

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/api"
)

const limit = 10

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// fifo makes a named pipe, out of which text comes once; no text, no writer.
func fifo(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if text != "" {
		go func() { _ = os.WriteFile(path, []byte(text), 0) }()
	}
	return path
}

// pipe is what a shell's <(command) is: an open file without a folder.
func pipe(t *testing.T, text string) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	if text != "" {
		if _, err := w.WriteString(text); err != nil {
			t.Fatal(err)
		}
		w.Close()
	}
	return r
}

func TestWhatIsRead(t *testing.T) {
	for name, tt := range map[string]struct{ path, stdin, want string }{
		"a file":                     {path: write(t, "f", "run: x\n"), want: "run: x\n"},
		"an empty file":              {path: write(t, "f", "")},
		"without a byte order mark":  {path: write(t, "f", "\ufeff0123456789"), want: "0123456789"},
		"standard input":             {path: "-", stdin: "run: x\n", want: "run: x\n"},
		"a pipe with a name":         {path: fifo(t, "run: x\n"), want: "run: x\n"},
		"a pipe of the shell":        {path: fd(pipe(t, "run: x\n")), want: "run: x\n"},
		"nothing":                    {path: os.DevNull},
		"a file that is too large":   {path: write(t, "f", strings.Repeat("x", 1000)), want: strings.Repeat("x", limit+4)},
		"a device that never ends":   {path: "/dev/zero", want: strings.Repeat("\x00", limit+4)},
		"an input that is too large": {path: "-", stdin: strings.Repeat("x", 1000), want: strings.Repeat("x", limit+4)},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := (&Reader{Stdin: strings.NewReader(tt.stdin)}).Read(t.Context(), tt.path, limit)
			if diff := cmp.Diff(tt.want, string(got)); diff != "" || err != nil {
				t.Errorf("error %v, content (-want,+got):\n%s", err, diff)
			}
		})
	}
}

func fd(f *os.File) string { return filepath.Join("/dev/fd", strconv.Itoa(int(f.Fd()))) }

func linkTo(t *testing.T, target string) string {
	t.Helper()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	return link
}

func TestWhatCannotBeReadIsOneProblemWithItsName(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for name, tt := range map[string]struct {
		reader *Reader
		path   string
		want   string
	}{
		"a directory":                {&Reader{}, dir, "is a directory; name a file, or - for standard input"},
		"a missing file":             {&Reader{}, filepath.Join(dir, "none"), "no such file"},
		"a link to nothing":          {&Reader{}, linkTo(t, "gone"), `no such file: it is a link to "gone", which does not exist; fix the link, or name another file`},
		"behind a link to nothing":   {&Reader{}, filepath.Join(linkTo(t, "gone"), "x"), `no such file: it is behind "link", a link to "gone", which does not exist; fix the link, or name another file`},
		"behind a link, but nothing": {&Reader{}, filepath.Join(linkTo(t, "."), "x"), "no such file"},
		"below a file":               {&Reader{}, filepath.Join(write(t, "f", ""), "x"), "the file cannot be read: not a directory"},
		"a socket":                   {&Reader{}, socket, "is a socket, not a file"},
		"no name":                    {&Reader{}, "", "a file is given without a name"},
		"no standard input":          {&Reader{}, "-", "there is no standard input"},
		"a pipe that fails":          {&Reader{Stdin: iotest.ErrReader(errors.New("broken"))}, "-", "the file cannot be read: broken"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tt.reader.Read(t.Context(), tt.path, limit)
			problem(t, err, tt.path, tt.want)
		})
	}
}

func problem(t *testing.T, err error, path, want string) {
	t.Helper()
	var invalid *api.InvalidSpecError
	if !errors.As(err, &invalid) {
		t.Fatalf("error %v, want an InvalidSpecError", err)
	}
	if diff := cmp.Diff([]api.Problem{{File: path, Message: want}}, invalid.Problems); diff != "" {
		t.Errorf("problems (-want,+got):\n%s", diff)
	}
}

func TestAPipeIsReadOnlyOnce(t *testing.T) {
	const again = "a pipe can be read only once, but this one is given twice"
	named, shells := fifo(t, "x"), pipe(t, "x")
	stdin := pipe(t, "x")
	for name, tt := range map[string]struct {
		stdin         *os.File
		first, second string
		want          string
	}{
		"standard input":              {pipe(t, "x"), "-", "-", "standard input can be read only once, but it is given twice"},
		"a pipe with a name":          {nil, named, named, again},
		"a pipe of the shell":         {nil, fd(shells), "/proc/self/fd/" + strconv.Itoa(int(shells.Fd())), again},
		"standard input by two names": {stdin, "-", fd(stdin), again},
	} {
		t.Run(name, func(t *testing.T) {
			r := &Reader{}
			if tt.stdin != nil {
				r.Stdin = tt.stdin
			}
			if got, err := r.Read(t.Context(), tt.first, limit); string(got) != "x" || err != nil {
				t.Fatalf("%q, %v", got, err)
			}
			_, err := r.Read(t.Context(), tt.second, limit)
			problem(t, err, tt.second, tt.want)
		})
	}
	file := write(t, "f", "x")
	r := &Reader{}
	for range 2 {
		if got, err := r.Read(t.Context(), file, limit); string(got) != "x" || err != nil {
			t.Errorf("an ordinary file: %q, %v", got, err)
		}
	}
}

// waitedFor is a context that reports when Done is called.
type waitedFor struct {
	context.Context
	once   sync.Once
	waited chan struct{}
}

func (c *waitedFor) Done() <-chan struct{} {
	c.once.Do(func() { close(c.waited) })
	return c.Context.Done()
}

func TestAReadThatWaitsEndsWithItsContext(t *testing.T) {
	cause := errors.New("Ctrl-C")
	silent := fifo(t, "")
	// Opened for both, so that opening does not block.
	w, err := os.OpenFile(silent, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for name, tt := range map[string]struct {
		stdin io.Reader
		path  string
	}{
		"a pipe that is not opened for writing": {nil, fifo(t, "")},
		"a pipe without input":                  {nil, silent},
		"a pipe of the shell without an end":    {nil, fd(pipe(t, ""))},
		"standard input from which none comes":  {pipe(t, ""), "-"},
	} {
		t.Run(name, func(t *testing.T) {
			inner, cancel := context.WithCancelCause(t.Context())
			ctx := &waitedFor{Context: inner, waited: make(chan struct{})}
			go func() {
				<-ctx.waited
				cancel(cause)
			}()
			if _, err := (&Reader{Stdin: tt.stdin}).Read(ctx, tt.path, limit); !errors.Is(err, cause) {
				t.Errorf("error %v, want the cause", err)
			}
			// Once it has ended, not even an ordinary file is read.
			if _, err := (&Reader{}).Read(ctx, write(t, "f", "x"), limit); !errors.Is(err, cause) {
				t.Errorf("error %v, want the cause", err)
			}
		})
	}
}

func TestTheFolderThatPathsInAFileCountFrom(t *testing.T) {
	for path, want := range map[string]string{
		"a.vast": ".", "jobs/a.vast": "jobs", "/home/me/a.vast": "/home/me", "/dev/shm/a.vast": "/dev/shm", "./-": ".",
		"-": ".", "/dev/stdin": ".", "/dev/fd/63": ".", "/dev/fd/../fd/0": ".", "/proc/self/fd/0": ".", "/proc/12/fd/3": ".", "/dev/tty": ".",
	} {
		if got := Folder(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
