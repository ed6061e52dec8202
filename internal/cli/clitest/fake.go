// Package clitest runs commands without a cluster: with an SDK that a test
// writes down, a clock that stands still, and streams that can be looked at.
package clitest

import (
	"bytes"
	"context"
	"iter"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/kubernetes"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/identity"
	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// Now is the time at which all tests run.
var Now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// Ago is a time before Now.
func Ago(d time.Duration) metav1.Time { return metav1.NewTime(Now.Add(-d)) }

// Client is an SDK that does what its functions say; one that a test did not
// expect to be called panics.
type Client struct {
	Task     Tasks
	Volume   Volumes
	Queue    Queues
	Clusters Clusters
	Doctors  Doctors
	Campaign sdk.Campaign
	Result   Results
	Who      func(context.Context) (identity.Identity, error)
	Server   func(context.Context) (*version.Info, error)
}

var _ cli.Client = (*Client)(nil)

func (c *Client) Tasks() sdk.Task                { return c.Task }
func (c *Client) Volumes() sdk.Volume            { return c.Volume }
func (c *Client) Queues() sdk.Queue              { return c.Queue }
func (c *Client) Cluster() sdk.Cluster           { return c.Clusters }
func (c *Client) Doctor() sdk.Doctor             { return c.Doctors }
func (c *Client) Campaigns() sdk.Campaign        { return c.Campaign }
func (c *Client) Results() sdk.Result            { return c.Result }
func (*Client) Kubernetes() kubernetes.Interface { panic("not expected") }
func (*Client) Namespace() string                { return "default" }

func (c *Client) WhoAmI(ctx context.Context) (identity.Identity, error)    { return c.Who(ctx) }
func (c *Client) ServerVersion(ctx context.Context) (*version.Info, error) { return c.Server(ctx) }

// Tasks is an sdk.Task made of functions.
type Tasks struct {
	OnCheck  func(*spec.Task, api.SubmitOptions) error
	OnRender func(*spec.Task, api.SubmitOptions) ([]runtime.Object, []api.Notice, error)
	OnSubmit func(context.Context, *spec.Task, api.SubmitOptions) (*api.TaskStatus, error)
	OnStop   func(context.Context, string, api.TaskStopOptions) (*api.TaskStatus, error)
	OnDelete func(context.Context, string, api.TaskDeleteOptions) (*api.TaskStatus, error)
	OnGet    func(context.Context, string) (*api.TaskStatus, error)
	OnList   func(context.Context, api.TaskListOptions) (*api.TaskStatusList, error)
	OnWatch  func(context.Context, api.TaskListOptions) iter.Seq2[*api.TaskStatus, error]
	OnWait   func(context.Context, string, api.WaitOptions) (*api.TaskStatus, error)
	OnLogs   func(context.Context, string, api.LogOptions, api.LogSink) error
}

var _ sdk.Task = Tasks{}

func (f Tasks) Check(t *spec.Task, o api.SubmitOptions) error {
	if f.OnCheck == nil {
		return nil
	}
	return f.OnCheck(t, o)
}

func (f Tasks) Render(t *spec.Task, o api.SubmitOptions) ([]runtime.Object, []api.Notice, error) {
	return f.OnRender(t, o)
}

func (f Tasks) Submit(ctx context.Context, t *spec.Task, o api.SubmitOptions) (*api.TaskStatus, error) {
	return f.OnSubmit(ctx, t, o)
}

func (f Tasks) Stop(ctx context.Context, ref string, o api.TaskStopOptions) (*api.TaskStatus, error) {
	return f.OnStop(ctx, ref, o)
}

func (f Tasks) Delete(ctx context.Context, ref string, o api.TaskDeleteOptions) (*api.TaskStatus, error) {
	return f.OnDelete(ctx, ref, o)
}

func (f Tasks) Get(ctx context.Context, ref string) (*api.TaskStatus, error) {
	return f.OnGet(ctx, ref)
}

func (f Tasks) List(ctx context.Context, o api.TaskListOptions) (*api.TaskStatusList, error) {
	return f.OnList(ctx, o)
}

func (f Tasks) Watch(ctx context.Context, o api.TaskListOptions) iter.Seq2[*api.TaskStatus, error] {
	return f.OnWatch(ctx, o)
}

func (f Tasks) Wait(ctx context.Context, ref string, o api.WaitOptions) (*api.TaskStatus, error) {
	return f.OnWait(ctx, ref, o)
}

func (f Tasks) Logs(ctx context.Context, ref string, o api.LogOptions, sink api.LogSink) error {
	return f.OnLogs(ctx, ref, o, sink)
}

// Volumes is an sdk.Volume made of functions.
type Volumes struct {
	OnRender func(*spec.Volume) (runtime.Object, error)
	OnCreate func(context.Context, *spec.Volume, api.VolumeCreateOptions) (*api.VolumeStatus, error)
	OnGet    func(context.Context, string) (*api.VolumeStatus, error)
	OnList   func(context.Context, api.VolumeListOptions) (*api.VolumeStatusList, error)
	OnDelete func(context.Context, string, api.VolumeDeleteOptions) (*api.VolumeStatus, error)
}

var _ sdk.Volume = Volumes{}

func (f Volumes) Render(v *spec.Volume) (runtime.Object, error) {
	if f.OnRender == nil {
		return nil, nil
	}
	return f.OnRender(v)
}

func (f Volumes) Create(ctx context.Context, v *spec.Volume, o api.VolumeCreateOptions) (*api.VolumeStatus, error) {
	return f.OnCreate(ctx, v, o)
}

func (f Volumes) Get(ctx context.Context, name string) (*api.VolumeStatus, error) {
	return f.OnGet(ctx, name)
}

func (f Volumes) List(ctx context.Context, o api.VolumeListOptions) (*api.VolumeStatusList, error) {
	return f.OnList(ctx, o)
}

func (f Volumes) Delete(ctx context.Context, name string, o api.VolumeDeleteOptions) (*api.VolumeStatus, error) {
	return f.OnDelete(ctx, name, o)
}

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
