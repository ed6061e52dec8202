package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/kubevast/vast/testenv/internal/run"
)

// stopTimeout is how long the daemon may take to end.
const stopTimeout = 30 * time.Second

// detach puts the daemon into a session of its own: it must not end with the
// terminal, or the test, that happened to need it first.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
}

// remember notes which daemon is ours: the process id and its start time, because
// ids are used again.
func (e *Engine) remember(pid int) error {
	path, err := e.Cache.Path("docker", "daemon.pid")
	if err != nil {
		return err
	}
	return os.WriteFile(path, fmt.Appendf(nil, "%d %s", pid, startTime(pid)), 0o644)
}

// ours returns the id of the daemon that Ensure started, 0 if there is none.
func (e *Engine) ours() int {
	path, err := e.Cache.Path("docker", "daemon.pid")
	if err != nil {
		return 0
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	id, started, _ := strings.Cut(string(raw), " ")
	pid, err := strconv.Atoi(id)
	if err != nil || started == "" || startTime(pid) != started {
		return 0
	}
	return pid
}

// StopIfIdle ends the daemon that Ensure started, unless other
// containers run on it. A daemon that was there before is left alone.
func (e *Engine) StopIfIdle(ctx context.Context) error {
	pid := e.ours()
	if pid == 0 {
		return nil
	}
	running, err := run.Command("docker", "ps", "-q").Output(ctx)
	if err != nil {
		return err
	}
	if len(running) > 0 {
		e.Progress("docker: the engine stays, other containers run on it")
		return nil
	}
	e.Progress("docker: stopping the engine that was started for the cluster")
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, stopTimeout, true, func(context.Context) (bool, error) {
		return e.ours() == 0, nil
	})
}

// pidFiles are where the daemon looks whether it runs already, and for which program.
var pidFiles = map[string]string{
	"/var/run/docker.pid":                       "dockerd",
	"/var/run/docker/containerd/containerd.pid": "containerd",
}

// clearStalePIDs removes the notes of a daemon that was killed with its machine. The
// daemon itself would take any process that has got the same id by now for its own.
func clearStalePIDs() error {
	for path, program := range pidFiles {
		raw, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		name, err := os.ReadFile("/proc/" + strings.TrimSpace(string(raw)) + "/comm")
		if err == nil && strings.TrimSpace(string(name)) == program {
			continue
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

// startTime returns when a process started, in the kernel's ticks, and "" for one
// that is not there or has ended and only waits to be noticed by its parent.
func startTime(pid int) string {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	return parseStartTime(string(raw))
}

// parseStartTime reads field 22 of /proc/<pid>/stat. The second field, the name of
// the program, may hold spaces and brackets.
func parseStartTime(stat string) string {
	end := strings.LastIndexByte(stat, ')')
	if end < 0 {
		return ""
	}
	fields := strings.Fields(stat[end+1:])
	if len(fields) < 20 || fields[0] == "Z" {
		return ""
	}
	return fields[19]
}
