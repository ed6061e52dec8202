package plan

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/internal/rules"
	"github.com/kubevast/vast/sdk/spec"
)

// inRun returns runScript in one of the shells that images have, as it runs in a
// pod: in an own process group, and with an output folder.
func inRun(t *testing.T, shell, command string, env ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // what hangs fails by its exit code
	t.Cleanup(cancel)
	args := []string{"-c", runScript, "vast"}
	if shell == "busybox" {
		args = append([]string{"sh"}, args...)
	}
	cmd := exec.CommandContext(ctx, shell, args...)
	if cmd.Err != nil {
		t.Skip(cmd.Err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Env = append(cmd.Environ(), "OUTPUT_DIR="+t.TempDir(), "VAST_COMMAND="+command)
	cmd.Env = append(cmd.Env, env...)
	return cmd
}

func inEachShell(t *testing.T, test func(t *testing.T, shell string)) {
	for _, shell := range []string{"dash", "bash", "busybox"} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			test(t, shell)
		})
	}
}

func file(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// What a run finds in its environment is what the user has put there, whatever
// words runScript is written with.
func TestTheWordsOfTheRunScriptMayBeUsersVariables(t *testing.T) {
	shared := regexp.MustCompile(`^(_.*|VAST_.*|HOME|PATH|PWD|SHLVL|OUTPUT_DIR|PRE_COMMAND|POST_COMMAND|ENABLE_X11|DISPLAY)$`)
	words := regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*`).FindAllString(runScript, -1)
	words = append(slices.DeleteFunc(words, shared.MatchString),
		"shell", "ending", "child", "signal", "code", "again", "tries", "result", "after", "report", "worst", "unknown", "file", "name")
	slices.Sort(words)
	words = slices.Compact(words)
	inEachShell(t, func(t *testing.T, shell string) {
		pre := file(t, "pre", "one() { :; }\njudged() { :; }\n", 0o644)
		post := file(t, "post", "env | sort", 0o644)
		cmd := inRun(t, shell, "env | sort", "PRE_COMMAND="+pre, "POST_COMMAND="+post)
		var want []string
		for i, w := range words {
			cmd.Env = append(cmd.Env, fmt.Sprint(w, "=", i+1))
			want = append(want, fmt.Sprint(w, "=", i+1))
		}
		want = append(want, want...)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for line := range strings.Lines(string(out)) {
			if name, _, _ := strings.Cut(line, "="); slices.Contains(words, name) {
				got = append(got, strings.TrimSpace(line))
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("environment (-want,+got):\n%s", diff)
		}
	})
}

func TestNoUserCanSetWhatTheRunScriptReads(t *testing.T) {
	for _, name := range regexp.MustCompile(`VAST_[A-Z_]+`).FindAllString(runScript, -1) {
		if rules.ReservedVariable(name) == "" {
			t.Errorf("%s is not reserved", name)
		}
	}
}

func TestACommandFindsTheSignalsOfAPlainContainer(t *testing.T) {
	const script = `grep -E '^Sig(Blk|Ign)' /proc/self/status; trap 'echo int' INT; kill -INT $$; trap 'echo quit' QUIT; kill -QUIT $$; ls /proc/self/fd`
	plain := exec.Command("bash", "-c", script)
	want, err := plain.Output()
	if err != nil {
		t.Fatal(err)
	}
	inEachShell(t, func(t *testing.T, shell string) {
		for name, cmd := range map[string]*exec.Cmd{
			"command":      inRun(t, shell, script),
			"post_command": inRun(t, shell, ":", "POST_COMMAND="+file(t, "post", script, 0o755)),
		} {
			out, err := cmd.Output()
			if diff := cmp.Diff(string(want), string(out)); diff != "" || err != nil {
				t.Errorf("%s: %v, plainly and in a run (-want,+got):\n%s", name, err, diff)
			}
		}
	})
}

// The launcher signals every process at the end.
func TestPostCommandsRunAfterATermination(t *testing.T) {
	tests := map[string]struct {
		command, out string
		code         int
	}{
		"a command that saves": {"trap 'echo saved; exit 4' TERM; echo ready; sleep 1000 >/dev/null 2>&1 & wait", "ready\nsaved\npost\n", 4},
		"one that is ended":    {"echo ready; exec sleep 1000", "ready\npost\n", 143},
	}
	inEachShell(t, func(t *testing.T, shell string) {
		for name, tc := range tests {
			cmd := inRun(t, shell, tc.command, "POST_COMMAND="+file(t, "post", "echo post", 0o644))
			out, in, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			cmd.Stdout, cmd.Stderr = in, in
			err = cmd.Start()
			in.Close()
			if err != nil {
				t.Fatal(err)
			}
			begun := make([]byte, len("ready\n"))
			if _, err := io.ReadFull(out, begun); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			rest, err := io.ReadAll(out)
			_ = cmd.Wait()                                      // the exit code is looked at
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // a sleep that has just begun may have missed the end
			if got := string(begun) + string(rest); err != nil || got != tc.out || cmd.ProcessState.ExitCode() != tc.code {
				t.Errorf("%s: %v: exit code %d, output %q; want %d, %q", name, err, cmd.ProcessState.ExitCode(), got, tc.code, tc.out)
			}
		}
	})
}

func TestPackedRunsAreSequentialAndRecordTheirCodes(t *testing.T) {
	inEachShell(t, func(t *testing.T, shell string) {
		runs, outcomes := t.TempDir(), filepath.Join(t.TempDir(), "deep", "outcomes")
		for i, name := range []string{"a/0", "b/0", "c/0"} {
			text := runFile(name, []spec.EnvVar{{Name: "RUN_ID", Value: name}, {Name: "code", Value: fmt.Sprint(i)}})
			if err := os.WriteFile(filepath.Join(runs, fmt.Sprint(i)), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		cmd := inRun(t, shell, `echo "$RUN_ID $code"; exit $code`, "VAST_RUNS="+runs, "VAST_OUTCOMES="+outcomes)
		before := time.Now().Unix()
		out, _ := cmd.Output() // the exit code is looked at
		after := time.Now().Unix()
		recorded, err := os.ReadFile(outcomes)
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprintf("%d\n%s%s", cmd.ProcessState.ExitCode(), out, recorded)
		if diff := cmp.Diff("2\na/0 0\nb/0 1\nc/0 2\na/0 0\nb/0 1\nc/0 2\n", got); diff != "" {
			t.Errorf("code, output and outcomes (-want,+got):\n%s", diff)
		}
		times, err := os.ReadFile(outcomes + ".times")
		if err != nil {
			t.Fatal(err)
		}
		last := before
		for i, line := range strings.Split(strings.TrimSpace(string(times)), "\n") {
			var name string
			var from, to int64
			if n, err := fmt.Sscan(line, &name, &from, &to); n != 3 || name != []string{"a/0", "b/0", "c/0"}[i] || from < last || to < from || to > after {
				t.Errorf("%q, %v: it began before the last one ended at %d, or it ended after %d", line, err, last, after)
			}
			last = to
		}
	})
}
