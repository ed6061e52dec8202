package setup_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubevast/vast/sdk/api"
)

// patience bounds what could hang; a test that reaches it has failed.
const patience = 6 * time.Minute

// person works in one namespace of the cluster.
type person struct {
	testing.TB
	namespace string
}

func newPerson(t testing.TB, namespace string) *person {
	t.Helper()
	p := &person{t, namespace}
	p.kubectl("create", "namespace", namespace)
	return p
}

type result struct {
	testing.TB
	command        string
	stdout, stderr string
	code           int
}

// vast runs the plugin to its end.
func (p *person) vast(args ...string) *result {
	p.Helper()
	return p.vastUntil(nil, args...)
}

// vastUntil runs the plugin and kills it, as kill -9 does, when enough returns true.
func (p *person) vastUntil(enough func() bool, args ...string) *result {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.Context(), patience)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, plugin, append([]string{"-n", p.namespace}, args...)...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+cluster.Kubeconfig(), "VAST_CONFIG_DIR="+p.TempDir())
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		p.Fatal(err)
	}
	if enough != nil {
		for !enough() && ctx.Err() == nil {
			time.Sleep(50 * time.Millisecond)
		}
		cancel()
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && ctx.Err() == nil {
		p.Fatal(err)
	}
	return &result{p.TB, strings.Join(args, " "), stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

func (r *result) exits(code int) *result {
	r.Helper()
	if r.code != code {
		r.Fatalf("%s: exit code %d, want %d\nstdout: %s\nstderr: %s", r.command, r.code, code, r.stdout, r.stderr)
	}
	return r
}

// says checks what was printed to stdout or stderr.
func (r *result) says(texts ...string) *result {
	r.Helper()
	for _, text := range texts {
		if !strings.Contains(r.stdout+r.stderr, text) {
			r.Errorf("%s: %q is missing\nstdout: %s\nstderr: %s", r.command, text, r.stdout, r.stderr)
		}
	}
	return r
}

func (p *person) status() *api.ClusterStatus {
	p.Helper()
	s := &api.ClusterStatus{}
	if err := json.Unmarshal([]byte(p.vast("cluster", "status", "-o", "json").exits(0).stdout), s); err != nil {
		p.Fatal(err)
	}
	return s
}

func (p *person) tryKubectl(args ...string) (string, error) {
	out, err := exec.CommandContext(p.Context(), cluster.Kubectl(), append([]string{"--kubeconfig", cluster.Kubeconfig(), "-n", p.namespace}, args...)...).CombinedOutput()
	return string(out), err
}

func (p *person) kubectl(args ...string) string {
	p.Helper()
	out, err := p.tryKubectl(args...)
	if err != nil {
		p.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// apply applies manifests.
func (p *person) apply(manifests string) {
	p.Helper()
	path := filepath.Join(p.TempDir(), "objects.yaml")
	if err := os.WriteFile(path, []byte(manifests), 0o600); err != nil {
		p.Fatal(err)
	}
	p.kubectl("apply", "-f", path)
}

// hasKueue reports whether anything of Kueue is left.
func (p *person) hasKueue() bool {
	p.Helper()
	return strings.Contains(p.kubectl("get", "crds,namespaces,validatingwebhookconfigurations,clusterroles", "-o", "name"), "kueue")
}
