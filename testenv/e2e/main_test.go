package e2e_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubevast/vast/testenv"
	"github.com/kubevast/vast/testenv/internal/nswatch"
)

// atOnce is how many tests run in parallel: most of the time they wait for the
// cluster.
const atOnce = "6"

// What all tests share: the cluster, a client with an administrator's rights, a
// watch of the cluster's objects, and the folder with the two plugins.
var (
	cluster *testenv.Cluster
	config  *rest.Config
	client  kubernetes.Interface
	watcher *nswatch.Watcher
	bin     string
)

// TestMain makes sure that the cluster is there and builds the plugins.
//
// Tests that disturb the whole cluster (a lost node, a restart of the API server)
// do not call t.Parallel: Go runs those first, one after the other, and the parallel
// tests after them.
func TestMain(m *testing.M) {
	flag.Parse()
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

func runTests(m *testing.M) (int, error) {
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		if err := flag.Set("test.parallel", atOnce); err != nil {
			return 1, err
		}
	}
	// The plugins and kubectl are started hundreds of times and end within seconds: memory
	// that they do not collect costs nothing.
	if err := os.Setenv("GOGC", "400"); err != nil {
		return 1, err
	}
	ctx := context.Background()
	var err error
	if cluster, err = testenv.Up(ctx, testenv.Options{Progress: os.Stderr}); err != nil {
		return 1, err
	}
	if config, err = clientcmd.BuildConfigFromFlags("", cluster.Kubeconfig()); err != nil {
		return 1, err
	}
	config.QPS = -1
	config.WarningHandler = rest.NoWarnings{}
	if client, err = kubernetes.NewForConfig(config); err != nil {
		return 1, err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if watcher, err = nswatch.Start(ctx, config); err != nil {
		return 1, err
	}
	if bin, err = testenv.Plugins(ctx); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// repository is the folder of the module under test.
func repository() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}
