package sdk

import (
	"cmp"
	"context"
	"reflect"
	"sync"

	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign"
	"github.com/kubevast/vast/sdk/internal/cluster"
	"github.com/kubevast/vast/sdk/internal/doctor"
	"github.com/kubevast/vast/sdk/internal/queue"
	"github.com/kubevast/vast/sdk/internal/result"
	"github.com/kubevast/vast/sdk/internal/runs"
	"github.com/kubevast/vast/sdk/internal/sharing"
	"github.com/kubevast/vast/sdk/internal/task"
	"github.com/kubevast/vast/sdk/internal/volume"
)

// The implementations keep the contracts.
var (
	_ Task     = (*task.Client)(nil)
	_ Volume   = (*volume.Client)(nil)
	_ Cluster  = (*cluster.Client)(nil)
	_ Campaign = campaigns{}
	_ Result   = (*result.Client)(nil)
	_ Queue    = queues{}
	_ Doctor   = (*doctor.Client)(nil)
	_ Share    = shares{}
	_ Workflow = (*runs.Client)(nil)
)

// Client reaches one namespace of one cluster. It is safe for concurrent use.
// Making one contacts no server and fails only for a reason in the kubeconfig.
type Client struct {
	conn     *access.Conn
	task     *task.Client
	volume   *volume.Client
	queue    *queue.Client
	cluster  *cluster.Client
	doctor   *doctor.Client
	campaign *campaign.Client
	result   *result.Client
	shares   *sharing.Client
	runs     *runs.Client

	versionOnce sync.Once
	version     *version.Info
	versionErr  error
}

// Option changes how a Client is made.
type Option func(*options)

type options struct {
	access.Options
	installer Installer
}

// WithUser makes the client act under this user name in labels and lists,
// instead of the API server's name for the caller. It grants nothing: the API
// server decides what the caller may do.
func WithUser(name string) Option { return func(o *options) { o.User = name } }

// WithNamespace overrides the namespace of the kubeconfig's context.
func WithNamespace(ns string) Option { return func(o *options) { o.Namespace = ns } }

// WithWarnings sets the function that gets warnings, one a call, possibly from
// several goroutines. Without it warnings are dropped.
func WithWarnings(warn func(api.Notice)) Option { return func(o *options) { o.Warn = warn } }

// Cache remembers good news, such as a right that one has, between runs.
type Cache = access.Cache

// WithCache avoids requests whose results are in the cache.
func WithCache(cache Cache) Option { return func(o *options) { o.Cache = cache } }

// Installer installs and removes Kueue; setup.Helm in package sdk/setup is one.
type Installer = cluster.Installer

// WithInstaller lets Cluster().Setup install Kueue, and Cleanup remove it. Without
// it both return *api.NotSupportedError in a cluster where that is needed.
func WithInstaller(i Installer) Option { return func(o *options) { o.installer = i } }

// ConfigLoader is anything that loads a kubeconfig, such as kubectl's own flags
// (*genericclioptions.ConfigFlags).
type ConfigLoader interface {
	ToRawKubeConfigLoader() clientcmd.ClientConfig
}

// New returns a client for the cluster and the namespace that kubectl's own flags
// select. Errors in the kubeconfig are *api.InvalidSpecError.
func New(getter ConfigLoader, opts ...Option) (*Client, error) {
	loader := getter.ToRawKubeConfigLoader()
	cfg, err := access.ConfigFrom(loader)
	if err != nil {
		return nil, err
	}
	ns, _, err := loader.Namespace()
	if err != nil {
		return nil, access.ConfigError(err, loader)
	}
	name, user := activeContext(getter, loader)
	return newClient(cfg, access.Options{Namespace: ns, Context: name, FallbackUser: user}, opts)
}

// NewForConfig makes a client of a rest.Config. Without WithNamespace it
// works in "default".
func NewForConfig(cfg *rest.Config, opts ...Option) (*Client, error) {
	return newClient(cfg, access.Options{Namespace: "default"}, opts)
}

func newClient(cfg *rest.Config, connection access.Options, opts []Option) (*Client, error) {
	o := options{Options: connection}
	for _, opt := range opts {
		opt(&o)
	}
	conn, err := access.Connect(cfg, o.Options)
	if err != nil {
		return nil, err
	}
	volumes := volume.New(conn)
	waiting := queue.New(conn)
	tasks := task.New(conn, volumes, waiting)
	campaigns := campaign.New(conn, tasks, waiting)
	clusters := cluster.New(conn, tasks, campaigns, o.installer)
	results := tasks.Results().WithStanding(campaigns.Standing)
	return &Client{conn: conn, volume: volumes, queue: waiting, task: tasks, cluster: clusters,
		doctor: doctor.New(conn, waiting, clusters, tasks), campaign: campaigns,
		result: results, shares: sharing.New(conn, tasks, results), runs: runs.New(conn, tasks, campaigns)}, nil
}

// activeContext returns the context in use, and its user's name, for clusters
// that do not return the caller's name.
func activeContext(getter ConfigLoader, loader clientcmd.ClientConfig) (name, user string) {
	raw, err := loader.RawConfig()
	if err != nil {
		return "", ""
	}
	name = raw.CurrentContext
	name = cmp.Or(contextFlag(getter), name)
	if c, ok := raw.Contexts[name]; ok {
		return name, c.AuthInfo
	}
	return "", ""
}

// contextFlag returns the field Context of kubectl's own flags. It finds it by
// reflection, since the package of their type links cobra.
func contextFlag(getter ConfigLoader) string {
	v := reflect.Indirect(reflect.ValueOf(getter))
	if v.Kind() != reflect.Struct {
		return ""
	}
	flag := v.FieldByName("Context")
	if !flag.IsValid() || !flag.CanInterface() {
		return ""
	}
	name, _ := flag.Interface().(*string)
	return ptr.Deref(name, "")
}

// Tasks returns the interface to tasks.
func (c *Client) Tasks() Task { return c.task }

// Volumes returns the interface to volumes.
func (c *Client) Volumes() Volume { return c.volume }

// Cluster returns the interface to what is set up for tasks.
func (c *Client) Cluster() Cluster { return c.cluster }

// Doctor returns the interface that checks what the others need.
func (c *Client) Doctor() Doctor { return c.doctor }

// Results returns the interface to what is kept of tasks and campaigns.
func (c *Client) Results() Result { return c.result }

// Namespace is the namespace the client works in.
func (c *Client) Namespace() string { return c.conn.Namespace }

// Kubernetes returns the clientset underneath: without a rate limit of its
// own, with retries after 429 and 5xx.
func (c *Client) Kubernetes() kubernetes.Interface { return c.conn.Kube }

// WhoAmI says under which user name the client acts, and who the API server
// takes the caller for.
func (c *Client) WhoAmI(ctx context.Context) (Identity, error) {
	return c.conn.Identity(ctx)
}

// ServerVersion returns the API server's version. It sends one request.
func (c *Client) ServerVersion(ctx context.Context) (*version.Info, error) {
	c.versionOnce.Do(func() { c.version, c.versionErr = c.conn.ServerVersion(ctx) })
	return c.version, c.versionErr
}
