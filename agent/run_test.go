package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// asAgent makes the test's own program the agent.
const asAgent = "TEST_AS_AGENT"

func TestMain(m *testing.M) {
	if os.Getenv(asAgent) != "" {
		main()
	}
	os.Exit(m.Run())
}

// agentCommand is the agent as a process of its own.
func agentCommand(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), asAgent+"=1")
	return cmd
}

func TestAProgramIsRunAndItsEndIsThatOfTheContainer(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		args []string
		code int
		out  string
	}{
		"it succeeds":             {[]string{"sh", "-c", `echo "$0 $1"`, "a", "b c"}, 0, "a b c\n"},
		"it fails":                {[]string{"sh", "-c", "exit 7"}, 7, ""},
		"a signal ends it":        {[]string{"sh", "-c", "kill -9 $$"}, 137, ""},
		"it is not there":         {[]string{"no-such-program"}, 127, "error: exec: \"no-such-program\": executable file not found in $PATH\n"},
		"it cannot be executed":   {[]string{"/etc/passwd"}, 126, "error: exec: \"/etc/passwd\": permission denied\n"},
		"it leaves others behind": {[]string{"sh", "-c", "(sleep 0.01) & exit 3"}, 3, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := agentCommand(t, append([]string{"run", "5"}, tc.args...)...)
			out, err := cmd.CombinedOutput()
			if cmd.ProcessState == nil {
				t.Fatal(err)
			}
			if got := cmd.ProcessState.ExitCode(); got != tc.code || string(out) != tc.out {
				t.Errorf("exit code %d, want %d; it said %q, want %q", got, tc.code, out, tc.out)
			}
		})
	}
}

func TestAProgramIsTerminatedAndThenKilled(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		script string
		signal syscall.Signal
		code   int
		out    string
	}{
		"it ends on SIGTERM":               {`trap 'echo ending; exit 9' TERM; echo ready; while :; do sleep 0.05; done`, syscall.SIGTERM, 9, "ending\n"},
		"it ignores SIGTERM":               {`trap '' TERM; echo ready; exec sleep 600`, syscall.SIGTERM, 137, ""},
		"another signal is only handed on": {`trap 'echo again; exit 0' HUP; echo ready; while :; do sleep 0.05; done`, syscall.SIGHUP, 0, "again\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := agentCommand(t, "run", "1", "sh", "-c", tc.script)
			pipe, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			out := bufio.NewReader(pipe)
			if line, err := out.ReadString('\n'); err != nil || line != "ready\n" {
				t.Fatal(line, err)
			}
			if err := cmd.Process.Signal(tc.signal); err != nil {
				t.Fatal(err)
			}
			rest, err := io.ReadAll(out)
			if err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // its exit code is looked at
			if got := cmd.ProcessState.ExitCode(); got != tc.code || string(rest) != tc.out {
				t.Errorf("exit code %d, want %d; it said %q, want %q", got, tc.code, rest, tc.out)
			}
		})
	}
}

func TestTheAgentInstallsItselfAlsoOnceMore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 2 {
		if out, err := agentCommand(t, "install", dir).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	want, err1 := os.ReadFile(self)
	got, err2 := os.ReadFile(filepath.Join(dir, "agent"))
	if err1 != nil || err2 != nil || !bytes.Equal(want, got) {
		t.Errorf("%d bytes of %d, %v %v", len(got), len(want), err1, err2)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
	if info, err := entries[0].Info(); err != nil || info.Mode().Perm() != 0o555 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}
