package manifest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// launched returns the launcher as a command of this machine, in a home of its
// own.
func launched(t *testing.T, setup, run string, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", launcher, "vast", setup, run)
	cmd.Env = append(cmd.Environ(), "NUM_NODES=1", "NODE_RANK=0", "VAST_NODE_IP=10.0.0.1", "VAST_NUM_GPUS_PER_NODE=0", "HOME="+t.TempDir())
	cmd.Env = append(cmd.Env, env...)
	return cmd
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
	cmd := launched(t, "", `pwd -P; cat "a file" ~/.config/with*/one ~/has/new ~/has/old`, "VAST_LINKS="+links, "VAST_WORKDIR=~/sky_workdir")
	home := strings.TrimPrefix(cmd.Env[len(cmd.Env)-3], "HOME=")
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
	out, err := launched(t, "", "echo never", "VAST_WORKDIR=/nowhere/at/all").CombinedOutput()
	if err == nil || strings.Contains(string(out), "never") || !strings.Contains(string(out), "/nowhere/at/all") {
		t.Errorf("%v: %q", err, out)
	}
}

// What ignores SIGTERM would otherwise run for ever here, and in a pod take
// the time in which its results are saved.
func TestWhatIgnoresTheEndIsKilledAfterTheGracePeriod(t *testing.T) {
	cmd := launched(t, "", "trap '' TERM; echo ready; while :; do sleep 1; done", "VAST_GRACE=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // the exit code is looked at
	if code := cmd.ProcessState.ExitCode(); code != 128+int(syscall.SIGKILL) {
		t.Errorf("exit code %d", code)
	}
}

func TestTheExitCodeAfterTheEndIsTheScripts(t *testing.T) {
	cmd := launched(t, "", "trap 'exit 7' TERM; echo ready; while :; do sleep 0.1; done", "VAST_GRACE=60")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // the exit code is looked at
	if code := cmd.ProcessState.ExitCode(); code != 7 {
		t.Errorf("exit code %d", code)
	}
}
