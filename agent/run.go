package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// Exit codes of a program that could not be run, as shells have them.
const (
	cannotRun = 126
	notFound  = 127
)

// runRun is process 1 of a container of the user's that runs beside a task. It
// runs the container's program, forwards its signals, and kills it when it has
// not ended so many seconds after SIGTERM: as process 1 a program without a
// handler of SIGTERM would not get it. Processes that the program leaves behind
// are reaped, and end with the container.
func runRun(_ context.Context, args []string, out io.Writer) error {
	seconds, err := strconv.Atoi(args[0])
	if err != nil {
		return fmt.Errorf("how long it may take to end: %w", err)
	}
	path, err := exec.LookPath(args[1])
	if err != nil {
		fmt.Fprintln(out, "error:", err)
		if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
			return exitError(notFound)
		}
		return exitError(cannotRun)
	}
	// From before the program is there, so that none is missed.
	signals := make(chan os.Signal, 64)
	signal.Notify(signals)
	defer signal.Stop(signals)
	child, err := syscall.ForkExec(path, args[1:], &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}})
	if err != nil {
		fmt.Fprintf(out, "error: %s: %v\n", path, err)
		return exitError(cannotRun)
	}
	go handOn(signals, child, time.Duration(seconds)*time.Second)
	return reap(child)
}

// handOn forwards signals to the program. After the first one that terminates
// it, it is killed at the end of its time.
func handOn(signals <-chan os.Signal, child int, limit time.Duration) {
	var over <-chan time.Time
	for {
		select {
		case s := <-signals:
			switch s {
			case syscall.SIGCHLD, syscall.SIGURG: // ours, and the Go runtime's
				continue
			case syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT:
				if over == nil {
					over = time.After(limit)
				}
			}
			_ = syscall.Kill(child, s.(syscall.Signal)) // it may have ended
		case <-over:
			_ = syscall.Kill(child, syscall.SIGKILL)
			over = nil
		}
	}
}

// reap waits for the program, and for whatever else became process 1's child.
func reap(child int) error {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return fmt.Errorf("wait for the program: %w", err)
		case pid != child:
		case status.Signaled():
			return exitError(128 + int(status.Signal()))
		case status.ExitStatus() != 0:
			return exitError(status.ExitStatus())
		default:
			return nil
		}
	}
}

// runInstall copies this program into a folder, for containers whose image has
// not got it. What an earlier attempt left there is replaced.
func runInstall(_ context.Context, args []string, _ io.Writer) error {
	self, err := os.Open("/proc/self/exe")
	if err != nil {
		return err
	}
	defer self.Close()
	to, err := os.CreateTemp(args[0], "")
	if err != nil {
		return err
	}
	_, err = io.Copy(to, self)
	if err := errors.Join(err, to.Chmod(0o555), to.Close()); err != nil {
		return err
	}
	return os.Rename(to.Name(), filepath.Join(args[0], "agent"))
}
