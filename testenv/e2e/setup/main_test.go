// Package setup_test installs everything for real: into a cluster of its own
// that has no Kueue, with Helm, from nothing to nothing.
package setup_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/kubevast/vast/testenv"
)

var (
	cluster *testenv.Cluster
	plugin  string
)

// TestMain makes the cluster, and removes it whatever becomes of the tests.
func TestMain(m *testing.M) {
	flag.Parse()
	if os.Getenv(testenv.KubeconfigEnv) != "" {
		// Somebody's own cluster: whether Kueue goes is not for us to say.
		fmt.Fprintln(os.Stderr, "setup: needs a cluster of its own and leaves", testenv.KubeconfigEnv, "alone")
		return
	}
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "setup:", err)
		code = 1
	}
	os.Exit(code)
}

func runTests(m *testing.M) (code int, err error) {
	ctx := context.Background()
	options := testenv.Options{Name: "setup", Nodes: 1, WithoutKueue: true, Progress: os.Stderr}
	if err := testenv.Down(ctx, options); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, testenv.Down(ctx, options)) }()
	if cluster, err = testenv.Up(ctx, options); err != nil {
		return 1, err
	}
	dir, err := os.MkdirTemp("", "kubevast-setup-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	plugin = filepath.Join(dir, "kubectl-vast")
	build := exec.CommandContext(ctx, "go", "build", "-ldflags", testenv.Link, "-o", plugin, "./plugins/kubectl-vast")
	_, file, _, _ := runtime.Caller(0)
	build.Dir = filepath.Join(filepath.Dir(file), "..", "..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("go build: %w\n%s", err, out)
	}
	return m.Run(), nil
}
