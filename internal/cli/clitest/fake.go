// Package clitest runs commands without a cluster: with an SDK that a test
// defines, a clock that does not advance, and streams that can be read.
package clitest

import (
	"bytes"
	"context"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/identity"
	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/sdktest"
)

// Now is the time at which all tests run.
var Now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// Ago is a time before Now.
func Ago(d time.Duration) metav1.Time { return metav1.NewTime(Now.Add(-d)) }

// The doubles of the SDK that tests of commands use.
type (
	Client   = sdktest.Client
	Tasks    = sdktest.Tasks
	Volumes  = sdktest.Volumes
	Queues   = sdktest.Queues
	Results  = sdktest.Results
	Clusters = sdktest.Clusters
	Doctors  = sdktest.Doctors
)

// Result is what a command left behind.
type Result struct {
	Code     int
	Out, Err string
}

// Run is one run of a plugin.
type Run struct {
	Client *Client
	Stdin  string
	// Terminal says that all streams are terminals.
	Terminal bool
	// Columns is how wide that is; 0 for any width.
	Columns int
	Context context.Context
	Plugin  cli.Plugin
	Build   func(*cli.Factory) *cobra.Command
}

// Do calls the plugin with args.
func (r Run) Do(t *testing.T, args ...string) Result {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("KUBECONFIG", filepath.Join(dir, "none"))
	t.Setenv("COLUMNS", strconv.Itoa(r.Columns))
	var out, errOut bytes.Buffer
	f := cli.NewFactory(r.Plugin, genericiooptions.IOStreams{In: strings.NewReader(r.Stdin), Out: &out, ErrOut: &errOut})
	f.Now = func() time.Time { return Now }
	f.Identity = func() (identity.File, error) { return identity.File{Path: filepath.Join(dir, "identity.json")}, nil }
	f.IsTerminal = func(any) bool { return r.Terminal }
	if r.Client != nil {
		f.NewClient = func(genericclioptions.RESTClientGetter, ...sdk.Option) (cli.Client, error) { return r.Client, nil }
	}
	ctx := r.Context
	if ctx == nil {
		ctx = t.Context()
	}
	code := cli.Execute(ctx, f, r.Build(f), args)
	return Result{Code: code, Out: out.String(), Err: errOut.String()}
}
