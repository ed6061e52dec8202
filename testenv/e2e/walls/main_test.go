package walls_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubevast/vast/testenv"
)

// atOnce is how many tests run in parallel: most of the time they wait for the
// cluster.
const atOnce = "6"

// What all tests share: the cluster, a client with an administrator's rights,
// and the folder with the two plugins.
var (
	cluster *testenv.Cluster
	config  *rest.Config
	client  kubernetes.Interface
	bin     string
)

// TestMain makes sure that the cluster is there and builds the plugins.
func TestMain(m *testing.M) {
	flag.Parse()
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "walls:", err)
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
	release, err := testenv.Alone(ctx)
	if err != nil {
		return 1, err
	}
	defer release()
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
	if bin, err = testenv.Plugins(ctx); err != nil {
		return 1, err
	}
	return m.Run(), nil
}
