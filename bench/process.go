package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a program that was run to its end.
type process struct {
	took time.Duration
	cpu  time.Duration
	peak int64 // bytes of memory; 0 where the system has no figure
	said []string
}

// run runs a program and measures it. Its standard output goes to out.
func run(ctx context.Context, out io.Writer, argv ...string) (process, error) {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = out, &stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return process{}, err
	}
	peak := watchMemory(cmd.Process.Pid)
	err := cmd.Wait()
	p := process{took: time.Since(began), peak: peak(), said: strings.Split(strings.TrimSpace(stderr.String()), "\n")}
	p.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, lastLine(stderr.Bytes()))
	}
	return p, err
}

// watchMemory looks at a program's high-water mark while it runs, and returns
// the last one. What the kernel reports at the end of the program
// (ru_maxrss) does not do: it counts what we held ourselves when we started it.
func watchMemory(pid int) (stop func() int64) {
	path := "/proc/" + strconv.Itoa(pid) + "/status"
	quit, peak := make(chan struct{}), make(chan int64)
	go func() {
		var last int64
		for {
			last = max(last, highWater(path))
			select {
			case <-quit:
				peak <- last
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return func() int64 { close(quit); return <-peak }
}

func highWater(path string) int64 {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(data), "VmHWM:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kib, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		return 0
	}
	return kib << 10
}
