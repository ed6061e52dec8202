package walls_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// outputs is all that the plugins have printed for a person, by command.
type outputs struct {
	mu    sync.Mutex
	texts []output
}

type output struct{ command, text string }

func (o *outputs) add(command, text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.texts = append(o.texts, output{command, text})
}

func (o *outputs) all() []output {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]output(nil), o.texts...)
}

// result is the output and the exit code of a command.
type result struct {
	testing.TB
	command        string
	stdout, stderr string
	code           int
}

// vast runs kubectl-vast in the person's namespace. What it prints is searched
// by searchEverywhere.
func (p *person) vast(args ...string) *result {
	p.Helper()
	return p.run("kubectl-vast", args...)
}

// vol is vast with the other plugin.
func (p *person) vol(args ...string) *result {
	p.Helper()
	return p.run("kubectl-vastvol", args...)
}

func (p *person) run(plugin string, args ...string) *result {
	p.Helper()
	// A command that takes longer must be stuck.
	ctx, cancel := context.WithTimeout(p.Context(), 2*patience)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, filepath.Join(bin, plugin), append([]string{"-n", p.namespace}, args...)...)
	cmd.Env = append(withoutOurs(os.Environ()), "KUBECONFIG="+p.kubeconfig, "VAST_CONFIG_DIR="+filepath.Join(p.dir, "config"))
	cmd.Env = append(cmd.Env, p.env...)
	cmd.Dir, cmd.WaitDelay = p.dir, 5*time.Second
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		p.Fatal(err)
	}
	r := &result{p.TB, plugin + " " + strings.Join(args, " "), stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
	p.said.add(r.command, r.stdout+r.stderr)
	return r
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

// forms are the output formats of commands.
var forms = [][]string{
	nil, {"-o", "json"}, {"-o", "yaml"}, {"-o", "name"}, {"-o", "wide"}, {"-o", "jsonpath={@}"}, {"-o", "go-template={{.}}"}, {"-v=9"},
}

// inEveryForm runs kubectl-vast once for each form of output that it has, so
// that searchEverywhere sees all of them. It must be a command that can be
// repeated, and that succeeds.
func (p *person) inEveryForm(args ...string) {
	p.Helper()
	for _, form := range forms {
		r := p.vast(append(args[:len(args):len(args)], form...)...)
		unknown := r.code == 2 && len(form) == 2 // not every command has every -o
		if r.code != 0 && !unknown {
			p.Errorf("%s: exit code %d\n%s", r.command, r.code, r.stderr)
		}
	}
}

// exits checks the exit code.
func (r *result) exits(code int) *result {
	r.Helper()
	if r.code != code {
		r.Fatalf("%s: exit code %d, want %d\nstdout: %s\nstderr: %s", r.command, r.code, code, r.stdout, r.stderr)
	}
	return r
}

// says checks that the command printed all of the texts to stdout or stderr.
func (r *result) says(texts ...string) *result {
	r.Helper()
	for _, text := range texts {
		if !strings.Contains(r.stdout+r.stderr, text) {
			r.Errorf("%s: %q is missing\nstdout: %s\nstderr: %s", r.command, text, r.stdout, r.stderr)
		}
	}
	return r
}
