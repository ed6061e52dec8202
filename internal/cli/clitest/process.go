//go:build unix

package clitest

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/kube"
)

const asPlugin = "VAST_TEST_AS_PLUGIN"

// Main is the TestMain of a plugin's commands. The test's program is then the
// plugin as well, for Shell.
func Main(m *testing.M, p cli.Plugin, build func(*cli.Factory) *cobra.Command) {
	if os.Getenv(kube.AgentImageEnv) == "" { // a test's program belongs to no release
		if err := os.Setenv(kube.AgentImageEnv, kube.AgentImage+":test"); err != nil {
			panic(err)
		}
	}
	if os.Getenv(asPlugin) != "" {
		os.Exit(cli.Main(p, build))
	}
	os.Exit(m.Run())
}

// Shell is a script for bash in a folder of its own, which has the given files.
// "$PLUGIN" is the plugin, as a process with real files and signals; it finds no
// kubeconfig.
func Shell(t *testing.T, files map[string]string, script string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), "bash", "-euc", script)
	c.Dir = t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(c.Dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c.Env = append(os.Environ(), asPlugin+"=1", "PLUGIN="+self, "KUBECONFIG="+filepath.Join(c.Dir, "none"), "HOME="+c.Dir)
	return c
}

// Fails runs c, which has to end with this code and one line on stderr.
func Fails(t *testing.T, c *exec.Cmd, code int, line string) {
	t.Helper()
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	failed(t, err, code, line, &stderr)
	if len(out) > 0 {
		t.Errorf("stdout %q", out)
	}
}

func failed(t *testing.T, err error, code int, line string, stderr *bytes.Buffer) {
	t.Helper()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != code || strings.TrimSuffix(stderr.String(), "\n") != line {
		t.Errorf("%v, stderr %q\nwant code %d and %q", err, stderr, code, line)
	}
}

// StartOpening starts c and returns when it has opened the pipe of this name,
// into which nothing is written.
func StartOpening(t *testing.T, c *exec.Cmd, pipe string) io.WriteCloser {
	t.Helper()
	pipe = filepath.Join(c.Dir, pipe)
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, c)
	w, err := os.OpenFile(pipe, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// StartReading starts c and returns when it reads its standard input, of which
// there is more than a pipe holds, and no end.
func StartReading(t *testing.T, c *exec.Cmd) io.WriteCloser {
	t.Helper()
	w, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	start(t, c)
	if _, err := w.Write(bytes.Repeat([]byte("# more\n"), 20_000)); err != nil {
		t.Fatal(err)
	}
	return w
}

func start(t *testing.T, c *exec.Cmd) {
	t.Helper()
	c.Stderr = new(bytes.Buffer)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
}

// Interrupt sends a signal to what was started, which has to end by it.
func Interrupt(t *testing.T, c *exec.Cmd, sig syscall.Signal) {
	t.Helper()
	if err := c.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	failed(t, c.Wait(), cli.CodeSignalOffset+int(sig), "", c.Stderr.(*bytes.Buffer))
}
