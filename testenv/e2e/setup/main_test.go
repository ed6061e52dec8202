// Package setup_test installs everything for real: into a cluster of its own
// that has no Kueue, with Helm, from nothing to nothing.
package setup_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
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
		// Kueue must not be removed from an existing cluster.
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
	// The plugins and kubectl are started hundreds of times and end within seconds: memory
	// that they do not collect costs nothing.
	if err := os.Setenv("GOGC", "400"); err != nil {
		return 1, err
	}
	ctx := context.Background()
	options := testenv.Options{Name: "setup", Nodes: 1, WithoutKueue: true, Progress: os.Stderr}
	if err := testenv.Down(ctx, options); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, testenv.Down(ctx, options)) }()
	if cluster, err = testenv.Up(ctx, options); err != nil {
		return 1, err
	}
	dir, err := testenv.Plugins(ctx)
	if err != nil {
		return 1, err
	}
	plugin = filepath.Join(dir, "kubectl-vast")
	return m.Run(), nil
}
