package e2e_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// result is the output and the exit code of a command.
type result struct {
	testing.TB
	command        string
	stdout, stderr string
	code           int
}

// vast and vol run one of the plugins in the person's namespace.
func (p *person) vast(args ...string) *result {
	p.Helper()
	return p.start("kubectl-vast", nil, args...).wait()
}

func (p *person) vastStdin(stdin string, args ...string) *result {
	p.Helper()
	return p.start("kubectl-vast", strings.NewReader(stdin), args...).wait()
}

func (p *person) vol(args ...string) *result {
	p.Helper()
	return p.start("kubectl-vastvol", nil, args...).wait()
}

// process is a running command.
type process struct {
	testing.TB
	command        *exec.Cmd
	stdout, stderr *buffer
	cancel         context.CancelFunc
}

// start starts a plugin. It is killed when the test has ended, or after twice the
// patience of a test.
func (p *person) start(plugin string, stdin *strings.Reader, args ...string) *process {
	p.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	if p.namespace != "" {
		args = append([]string{"-n", p.namespace}, args...)
	}
	cmd := exec.CommandContext(ctx, filepath.Join(bin, plugin), args...)
	cmd.Env = append(withoutOurs(os.Environ()), "KUBECONFIG="+p.kubeconfig, "VAST_CONFIG_DIR="+filepath.Join(p.dir, "config"))
	cmd.Env = append(cmd.Env, p.env...)
	cmd.Dir = p.dir
	cmd.WaitDelay = 5 * time.Second
	out := &process{TB: p.TB, command: cmd, stdout: &buffer{}, stderr: &buffer{}, cancel: cancel}
	cmd.Stdout, cmd.Stderr = out.stdout, out.stderr
	if stdin != nil {
		cmd.Stdin = stdin
	}
	if err := cmd.Start(); err != nil {
		p.Fatal(err)
	}
	p.Cleanup(cancel)
	return out
}

// withoutOurs drops the variables that would change what a command does.
func withoutOurs(env []string) []string {
	var out []string
	for _, e := range env {
		if !strings.HasPrefix(e, "VAST_") && !strings.HasPrefix(e, "KUBE") {
			out = append(out, e)
		}
	}
	return out
}

// waitIn waits for the end, but no longer than ctx lasts.
func (p *process) waitIn(ctx context.Context) *result {
	p.Helper()
	defer context.AfterFunc(ctx, p.cancel)()
	return p.wait()
}

func (p *process) wait() *result {
	p.Helper()
	err := p.command.Wait()
	p.cancel()
	r := &result{TB: p.TB, command: shortCommand(p.command.Args), stdout: p.stdout.String(), stderr: p.stderr.String(),
		code: p.command.ProcessState.ExitCode()}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.Errorf("%s: %v\n%s", r.command, err, r.stderr)
	}
	return r
}

func shortCommand(args []string) string {
	words := []string{filepath.Base(args[0])}
	for _, a := range args[1:] {
		if len(a) > 200 {
			a = a[:200] + "..."
		}
		words = append(words, a)
	}
	return strings.Join(words, " ")
}

// exits checks the exit code.
func (r *result) exits(code int) *result {
	r.Helper()
	if r.code != code {
		r.Fatalf("%s: exit code %d, want %d\nstdout: %s\nstderr: %s", r.command, r.code, code, tail(r.stdout), tail(r.stderr))
	}
	return r
}

// prints checks that stderr contains all of the texts.
func (r *result) prints(texts ...string) *result {
	r.Helper()
	for _, text := range texts {
		if !strings.Contains(r.stderr, text) {
			r.Errorf("%s: stderr does not contain %q:\n%s", r.command, text, tail(r.stderr))
		}
	}
	return r
}

// shows checks that stdout contains all of the texts.
func (r *result) shows(texts ...string) *result {
	r.Helper()
	for _, text := range texts {
		if !strings.Contains(r.stdout, text) {
			r.Errorf("%s: stdout does not show %q:\n%s", r.command, text, tail(r.stdout))
		}
	}
	return r
}

func tail(s string) string {
	if len(s) > 4000 {
		return "..." + s[len(s)-4000:]
	}
	return s
}

// stderrLines returns the lines of stderr without the one that names the cluster.
func (r *result) stderrLines() []string {
	var out []string
	for line := range strings.Lines(r.stderr) {
		if !strings.HasPrefix(line, "context ") {
			out = append(out, strings.TrimSuffix(line, "\n"))
		}
	}
	return out
}

// interrupt is Ctrl-C.
func (p *process) interrupt() {
	p.Helper()
	if err := p.command.Process.Signal(os.Interrupt); err != nil {
		p.Fatal(err)
	}
}
