package testenv

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"time"

	"github.com/kubevast/vast/testenv/internal/cache"
	"github.com/kubevast/vast/testenv/internal/kindcluster"
)

// Variables that set what Options leaves empty.
const (
	KubeconfigEnv = "VAST_TEST_KUBECONFIG" // use the cluster of this kubeconfig, change nothing there
	NameEnv       = "VAST_CLUSTER_NAME"    // another cluster beside the usual one
	WayEnv        = "VAST_TEST_WAY"        // "stock" or "source": do not find out
	CacheEnv      = cache.DirEnv           // move the cache
	RootEnv       = "VAST_TESTENV_DIR"     // the folder testenv, when it is not found
)

// Options choose a cluster. The zero value is the usual one.
type Options struct {
	// Name of the kind cluster; $VAST_CLUSTER_NAME or "vast" if empty.
	Name string
	// Kubeconfig of an existing cluster; $VAST_TEST_KUBECONFIG if empty.
	Kubeconfig string
	// Way skips finding out which kind of node image can be had; $VAST_TEST_WAY if empty.
	Way Way
	// Nodes is how many nodes a new cluster has; 0 is the usual number.
	Nodes int
	// WithoutKueue leaves Kueue out of a new cluster, for tests that install it.
	WithoutKueue bool
	// Progress receives a line for every step that takes time.
	Progress io.Writer
}

// setup is Options with everything found out that they leave open.
type setup struct {
	Options
	root    string // the folder testenv
	cache   *cache.Dir
	started time.Time
}

var validName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)

func (o Options) resolve() (*setup, error) {
	s := &setup{Options: o, started: time.Now()}
	s.Name = first(s.Name, os.Getenv(NameEnv), "vast")
	s.Kubeconfig = first(s.Kubeconfig, os.Getenv(KubeconfigEnv))
	s.Way = Way(first(string(s.Way), os.Getenv(WayEnv)))
	if s.Nodes == 0 {
		s.Nodes = kindcluster.NodeCount
	}
	if s.Progress == nil {
		s.Progress = io.Discard
	}
	if !validName.MatchString(s.Name) {
		return nil, fmt.Errorf("cluster name %q: only small letters, digits and - can be in it", s.Name)
	}
	if s.Way != "" && s.Way != WayStock && s.Way != WaySource {
		return nil, fmt.Errorf("way %q: %q and %q are known", s.Way, WayStock, WaySource)
	}
	var err error
	if s.Kubeconfig != "" {
		if s.Kubeconfig, err = filepath.Abs(s.Kubeconfig); err != nil {
			return nil, err
		}
	}
	if s.cache, err = cache.Open(); err != nil {
		return nil, err
	}
	s.root, err = findRoot()
	return s, err
}

// progress prints a step, with the time since the start.
func (s *setup) progress(format string, args ...any) {
	fmt.Fprintf(s.Progress, "[%4.0fs] %s\n", time.Since(s.started).Seconds(), fmt.Sprintf(format, args...))
}

// findRoot returns the folder testenv of the source tree: what is built is built
// from there. A test runs in a folder below it, a program anywhere.
func findRoot() (string, error) {
	_, source, _, _ := runtime.Caller(0)
	candidates := []string{os.Getenv(RootEnv), filepath.Dir(source)}
	for dir, err := os.Getwd(); err == nil && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		candidates = append(candidates, dir, filepath.Join(dir, "testenv"))
	}
	for _, dir := range candidates {
		if dir == "" {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, "build", "kubernetes", "go.mod")); err == nil {
			return filepath.Abs(dir)
		}
	}
	return "", fmt.Errorf("the folder testenv of the source tree is not to be found, set %s", RootEnv)
}

func first(values ...string) string {
	for _, value := range values {
		if value != "" {
			return value
		}
	}
	return ""
}
