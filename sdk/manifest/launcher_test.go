package manifest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// launched returns the launcher as a command of this machine, in a home of its
// own.
func launched(t *testing.T, setup, run string, env ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // what hangs fails by its exit code
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, "sh", "-c", launcher, "vast", setup, run)
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

// The end may come at any moment, so it is also tried before the launcher knows
// of its script, and before it waits for it.
var moments = map[string]string{"while it waits": "", "before it knows the script": "child=$!", "before it waits": `wait "$child"`}

// ended launches run, sends SIGTERM when run has printed something, and returns
// the exit code.
func ended(t *testing.T, moment, run, grace string) int {
	t.Helper()
	cmd := launched(t, "", run, "VAST_GRACE="+grace)
	if moment != "" {
		late := strings.ReplaceAll(launcher, moment, "sleep 1; "+moment)
		if late == launcher {
			t.Fatalf("the launcher has no %s", moment)
		}
		cmd.Args[2] = late
	}
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
	return cmd.ProcessState.ExitCode()
}

// What ignores SIGTERM would otherwise run for ever here, and in a pod take
// the time in which its results are saved.
func TestWhatIgnoresTheEndIsKilledAfterTheGracePeriod(t *testing.T) {
	for name, moment := range moments {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if code := ended(t, moment, "trap '' TERM; echo ready; while :; do sleep 1; done", "1"); code != 128+int(syscall.SIGKILL) {
				t.Errorf("exit code %d", code)
			}
		})
	}
}

func TestTheExitCodeAfterTheEndIsTheScripts(t *testing.T) {
	for name, moment := range moments {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if code := ended(t, moment, "trap 'exit 7' TERM; echo ready; while :; do sleep 0.1; done", "50"); code != 7 {
				t.Errorf("exit code %d", code)
			}
		})
	}
}
