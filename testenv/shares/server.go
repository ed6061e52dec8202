// Package shares tests the providers of shares against real servers, each a process of
// this machine with a folder of its own.
package shares

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kubevast/vast/testenv/internal/cache"
	"github.com/kubevast/vast/testenv/internal/gobuild"
)

// startTime is how long a server may take until it accepts connections.
const startTime = 2 * time.Minute

// freeAddress returns an address of the loopback interface that nothing listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// port returns the port of an address.
func port(t testing.TB, address string) int {
	t.Helper()
	_, text, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// startServer runs a program in the foreground until the test ends, and returns when
// address accepts connections. The environment is extended by env. What the server
// prints is logged if the test fails.
func startServer(t testing.TB, address string, env []string, program string, args ...string) {
	t.Helper()
	output := &lastOutput{}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program, args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = t.TempDir(), append(os.Environ(), env...), output, output
	// Servers have children, which end with them. They must not outlive a test that is killed.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // it may have ended
		<-ended
		if t.Failed() {
			t.Logf("%s printed last:\n%s", filepath.Base(program), output)
		}
	})
	for deadline := time.Now().Add(startTime); ; {
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(t.Context(), "tcp", address)
		if err == nil {
			_ = conn.Close()
			return
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("%s ended: %v\n%s", program, err, output)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not listen at %s after %s", program, address, startTime)
		}
	}
}

// lastOutput keeps the last of what a server prints.
type lastOutput struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (o *lastOutput) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.text.Len() > 64<<10 {
		o.text.Next(o.text.Len() - 8<<10)
	}
	return o.text.Write(p)
}

func (o *lastOutput) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := o.text.Bytes()
	return string(text[max(0, len(text)-8000):])
}

// built returns the path of a program of a module, which is compiled once.
func built(t testing.TB, module gobuild.Module, file string) string {
	t.Helper()
	artefact, err := module.Artefact("..")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := cache.Open()
	if err != nil {
		t.Fatal(err)
	}
	programs, err := dir.Get(t.Context(), artefact, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(programs, file)
}

// installed returns the path of a program of a Debian package. The test is skipped
// without it, except in CI.
func installed(t testing.TB, program, debianPackage string) string {
	t.Helper()
	for _, name := range []string{program, filepath.Join("/usr/sbin", program)} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	message := fmt.Sprintf("%s of package %s is not installed: make test-programs", program, debianPackage)
	if os.Getenv("CI") != "" {
		t.Fatal(message)
	}
	t.Skip(message)
	return ""
}

// filesBelow lists the files below a folder by their path in it.
func filesBelow(t testing.TB, dir string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil // it was removed meanwhile
		}
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		files = append(files, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// smallDisk mounts a file system of so many MiB in memory until the test ends. The
// test is skipped where that is not permitted.
func smallDisk(t testing.TB, mib int) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=0777", mib)); err != nil {
		t.Skipf("cannot mount a small file system: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}
