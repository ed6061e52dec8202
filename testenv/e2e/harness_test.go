package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/rand"
)

const (
	// patience bounds whatever has to come about. It is no measure of speed:
	// a test that reaches it has failed.
	patience = 3 * time.Minute
	interval = 200 * time.Millisecond
)

// person is somebody who types commands, with a namespace and a configuration
// of their own.
type person struct {
	testing.TB
	namespace  string
	kubeconfig string
	dir        string // for files
	env        []string
}

// newPerson makes a namespace and somebody who works in it. The namespace goes
// when the test has ended.
func newPerson(t testing.TB, labels ...string) *person {
	t.Helper()
	p := &person{TB: t, kubeconfig: cluster.Kubeconfig(), dir: t.TempDir()}
	p.namespace = newNamespace(t, labels...)
	return p
}

var unfit = regexp.MustCompile(`[^a-z0-9]+`)

func newNamespace(t testing.TB, labels ...string) string {
	t.Helper()
	name := strings.Trim(unfit.ReplaceAllString(strings.ToLower(strings.TrimPrefix(t.Name(), "Test")), "-"), "-")
	name = "e2e-" + strings.TrimRight(name[:min(len(name), 40)], "-") + "-" + rand.String(5)
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{}}}
	for _, l := range labels {
		key, value, _ := strings.Cut(l, "=")
		ns.Labels[key] = value
	}
	if _, err := client.CoreV1().Namespaces().Create(t.Context(), ns, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "a new namespace has what every namespace has", func() (bool, any) {
		_, err1 := client.CoreV1().ServiceAccounts(name).Get(t.Context(), "default", metav1.GetOptions{})
		_, err2 := client.CoreV1().ConfigMaps(name).Get(t.Context(), "kube-root-ca.crt", metav1.GetOptions{})
		return err1 == nil && err2 == nil, errors.Join(err1, err2)
	})
	t.Cleanup(func() {
		// It goes in the background; its name is never used again.
		err := client.CoreV1().Namespaces().Delete(context.Background(), name, metav1.DeleteOptions{})
		if err != nil {
			t.Errorf("namespace %s is left: %v", name, err)
		}
	})
	return name
}

// in is the same person for a subtest.
func (p *person) in(t testing.TB) *person {
	other := *p
	other.TB, other.dir = t, t.TempDir()
	return &other
}

// file writes a file and returns its path.
func (p *person) file(name, content string) string {
	p.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		p.Fatal(err)
	}
	return path
}

// result is what a command has said.
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

// process is a command that runs.
type process struct {
	testing.TB
	command        *exec.Cmd
	stdout, stderr *buffer
	cancel         context.CancelFunc
}

// start starts a plugin. It is killed when the test has ended, or when it runs
// for so long that it must be stuck.
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

// tells checks that stderr says all of the texts.
func (r *result) tells(texts ...string) *result {
	r.Helper()
	for _, text := range texts {
		if !strings.Contains(r.stderr, text) {
			r.Errorf("%s: stderr does not say %q:\n%s", r.command, text, tail(r.stderr))
		}
	}
	return r
}

// shows checks that stdout holds all of the texts.
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

// waitFor waits until look returns true. What it returned last is told when
// that does not happen.
func (p *person) waitFor(what string, look func() (bool, any)) {
	p.Helper()
	waitFor(p.TB, what, look)
}

func waitFor(t testing.TB, what string, look func() (bool, any)) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		done, seen := look()
		if done {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: it did not happen; last seen: %v", what, seen)
		}
		time.Sleep(interval)
	}
}

// stderrLines returns what was said, without the line that names the cluster.
func (r *result) stderrLines() []string {
	var out []string
	for line := range strings.Lines(r.stderr) {
		if !bytes.HasPrefix([]byte(line), []byte("context ")) {
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

// kubectl runs kubectl with an administrator's rights.
func (p *person) kubectl(args ...string) string {
	p.Helper()
	cmd := exec.CommandContext(p.Context(), cluster.Kubectl(), append([]string{"--kubeconfig", cluster.Kubeconfig(), "-n", p.namespace}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		p.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
