package manifest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// launched returns the launcher as a local command, in a home folder of its
// own. words are the arguments that launch.command has before "--".
func launched(t *testing.T, setup, run string, words ...string) *exec.Cmd {
	t.Helper()
	return launchedIn(t, "sh", setup, run, words...)
}

// launchedIn is launched in one of the shells.
func launchedIn(t *testing.T, shell, setup, run string, words ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // what hangs fails by its exit code
	t.Cleanup(cancel)
	args := slices.Concat([]string{"-c", launcher, "vast"}, words, []string{"--", setup, run})
	cmd := exec.CommandContext(ctx, "sh", args...)
	cmd.Env = append(cmd.Environ(), "NUM_NODES=1", "NODE_RANK=0", "VAST_NODE_IP=10.0.0.1", "VAST_NUM_GPUS_PER_NODE=0", "HOME="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // as in a container
	if shell != "sh" {
		cmd.Path = filepath.Join(imageOf(t, shell), "sh")
		cmd.Env = append(cmd.Env, "PATH="+filepath.Dir(cmd.Path)+":"+os.Getenv("PATH"))
	}
	return cmd
}

// imageOf returns a folder whose sh is another shell, as in an image.
func imageOf(t *testing.T, shell string) string {
	t.Helper()
	path, err := exec.LookPath(shell)
	if err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(path, filepath.Join(dir, "sh")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestFilesForTheHomeFolderAreLinkedThere(t *testing.T) {
	mounted := t.TempDir()
	for path, text := range map[string]string{"0/a file": "zero", "1": "one", "2/new": "two"} {
		file := filepath.Join(mounted, path)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	links := mounted + "/0 sky_workdir\n" + mounted + "/1 .config/with a space/one\n" + mounted + "/2 has"
	cmd := launched(t, "", `pwd -P; cat "a file" ~/.config/with*/one ~/has/new ~/has/old`, "--links="+links, "--workdir=~/sky_workdir")
	home := strings.TrimPrefix(cmd.Env[len(cmd.Env)-1], "HOME=")
	if err := os.Mkdir(filepath.Join(home, "has"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, "has", "old"), []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 { // a container that starts again finds its links
		again := *cmd
		out, err := again.CombinedOutput()
		if want := mounted + "/0\nzeroonetwoold"; err != nil || string(out) != want {
			t.Fatalf("%v: %q, want %q", err, out, want)
		}
	}
}

func TestAWorkdirThatIsMissingEndsTheTask(t *testing.T) {
	out, err := launched(t, "", "echo never", "--workdir=/nowhere/at/all").CombinedOutput()
	if err == nil || strings.Contains(string(out), "never") || !strings.Contains(string(out), "/nowhere/at/all") {
		t.Errorf("%v: %q", err, out)
	}
}
