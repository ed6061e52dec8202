package manifest

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The termination may come at any moment, so it is also tried before the
// launcher has the script's process, and before it waits for it.
var moments = map[string]string{
	"while it waits":                     "",
	"before the script is started":       "read -r _vast_begun",
	"before it has the script's process": "if read -r _vast_child",
	"before the waiter is there":         "trap '' HUP",
	"before the waiter reads":            "read -r _vast_code <&9 &&",
	"before it waits":                    `wait "$_vast_waiter"`,
}

// asFirst makes a command that runs in a process namespace of its own, of which
// it is the first process, as in a container.
func asFirst(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	wrap := []string{"unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "--kill-child"}
	if out, err := exec.Command(wrap[0], append(wrap[1:], "true")...).CombinedOutput(); err != nil {
		t.Skipf("no process namespaces here: %v: %s", err, out)
	}
	path, err := exec.LookPath("unshare")
	if err != nil {
		t.Fatal(err)
	}
	cmd.Args = append(append(wrap, cmd.Path), cmd.Args[1:]...)
	cmd.Path = path
}

// childOf is the process that another one has begun.
func childOf(pid int) (int, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(data)))
}

// ended sends SIGTERM to a launcher when one of its scripts has printed
// something, and returns its exit code and all that it printed. The launcher is
// slow at the moment.
func ended(cmd *exec.Cmd, moment string, first bool) (code int, text string, err error) {
	if moment != "" {
		i := slices.Index(cmd.Args, launcher)
		cmd.Args[i] = strings.ReplaceAll(launcher, moment, "sleep 0.3; "+moment)
		if cmd.Args[i] == launcher {
			return 0, "", fmt.Errorf("the launcher has no %s", moment)
		}
	}
	out, in, err := os.Pipe()
	if err != nil {
		return 0, "", err
	}
	defer out.Close()
	_ = out.SetReadDeadline(time.Now().Add(time.Minute)) // what hangs has failed then
	cmd.Stdout, cmd.Stderr = in, in
	err = cmd.Start()
	in.Close()
	if err != nil {
		return 0, "", err
	}
	begun := make([]byte, len("ready\n"))
	if _, err := io.ReadFull(out, begun); err != nil {
		return 0, "", err
	}
	pid := cmd.Process.Pid
	if first {
		if pid, err = childOf(pid); err != nil {
			return 0, "", err
		}
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return 0, "", err
	}
	rest, err := io.ReadAll(out)
	_ = cmd.Wait() // the exit code is looked at
	return cmd.ProcessState.ExitCode(), string(begun) + string(rest), err
}

func TestScriptsReceiveTheTermination(t *testing.T) {
	tests := map[string]struct {
		setup, run string
		words      []string
		code       int
		out        string
	}{
		// It would otherwise run for ever here, and in a pod take the time in
		// which its results are saved.
		"what ignores it is killed after its grace": {
			run: "trap '' TERM; echo ready; while :; do sleep 1; done", words: []string{"--grace=1"}, code: 137, out: "ready\n"},
		"the exit code is the script's": {
			run: "trap 'exit 7' TERM; echo ready; sleep 1000 & wait", words: []string{"--grace=50"}, code: 7, out: "ready\n"},
		"one that does not listen is ended by it, without a word": {
			run: "echo ready; sleep 1000; :", code: 143, out: "ready\n"},
		"one that has ended by itself at the same time": {
			run: "trap '' TERM; echo ready; sleep 0.3; exit 5", code: 5, out: "ready\n"},
		"run does not start after setup": {
			setup: "trap 'exit 0' TERM; echo ready; sleep 1000 & wait", run: "echo never", code: 143, out: "ready\n"},
	}
	inEachShell(t, func(t *testing.T, shell string) {
		var all sync.WaitGroup // they mostly wait: all of them at once
		for name, tc := range tests {
			for when, moment := range moments {
				for _, first := range []bool{true, false} {
					cmd := launchedIn(t, shell, tc.setup, tc.run, tc.words...)
					if first {
						asFirst(t, cmd)
					}
					all.Go(func() {
						code, out, err := ended(cmd, moment, first)
						if err != nil || code != tc.code || out != tc.out {
							t.Errorf("%s/%s/as process 1: %v: %v: exit code %d, output %q; want %d, %q", name, when, first, err, code, out, tc.code, tc.out)
						}
					})
				}
			}
		}
		all.Wait()
	})
}
