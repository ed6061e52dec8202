package cli

import (
	"sync"
	"time"

	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/client-go/rest"

	"github.com/kubevast/vast/internal/files"
	"github.com/kubevast/vast/internal/identity"
	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
)

// Client is the client that commands use.
type Client = sdk.Interface

// Plugin names one of the two programs.
type Plugin struct {
	// Name is the program's file: "kubectl-vast".
	Name string
	// Display is what the user types: "kubectl vast".
	Display string
	// Options are options of the SDK's client that only this plugin has.
	Options []sdk.Option
}

// Factory holds everything that comes from outside a command, so that tests
// can replace it.
type Factory struct {
	genericiooptions.IOStreams
	Plugin Plugin
	Config *genericclioptions.ConfigFlags
	Now    func() time.Time
	// NewClient makes the SDK's client. It is called when a command needs
	// it, and never for help.
	NewClient func(genericclioptions.RESTClientGetter, ...sdk.Option) (Client, error)
	// Identity finds the file that keeps the name of `auth login`.
	Identity func() (identity.File, error)
	// IsTerminal reports whether a stream is a terminal.
	IsTerminal func(stream any) bool

	client Client
	files  *files.Reader
	warned sync.Map // of messages
}

// NewFactory returns the factory of the real program.
func NewFactory(p Plugin, streams genericiooptions.IOStreams) *Factory {
	return &Factory{
		IOStreams: streams,
		Plugin:    p,
		Config: genericclioptions.NewConfigFlags(true).
			WithDiscoveryBurst(300).WithDiscoveryQPS(50).
			WithWarningPrinter(streams),
		Now: time.Now,
		NewClient: func(getter genericclioptions.RESTClientGetter, opts ...sdk.Option) (Client, error) {
			return sdk.New(getter, opts...)
		},
		Identity:   identity.DefaultFile,
		IsTerminal: func(stream any) bool { return printers.IsTerminal(stream) },
	}
}

// Files reads the files that the user names. There is one for the whole
// command, so that a pipe that is given twice is noticed.
func (f *Factory) Files() *files.Reader {
	if f.files == nil {
		f.files = &files.Reader{Stdin: f.In}
	}
	return f.files
}

// Client returns the SDK's client for the flags that were given.
func (f *Factory) Client() (Client, error) {
	if f.client != nil {
		return f.client, nil
	}
	opts, err := f.options()
	if err != nil {
		return nil, err
	}
	client, err := f.NewClient(f.Config, opts...)
	if err != nil {
		return nil, err
	}
	f.client = client
	return client, nil
}

// OfflineClient is Client for what needs no cluster: it does without a
// kubeconfig where there is none at all.
func (f *Factory) OfflineClient() (Client, error) {
	if f.client == nil && f.noKubeconfig() {
		opts, err := f.options()
		if err != nil {
			return nil, err
		}
		if ns := deref(f.Config.Namespace); ns != "" {
			opts = append(opts, sdk.WithNamespace(ns))
		}
		return sdk.NewForConfig(&rest.Config{Host: "http://localhost"}, opts...)
	}
	return f.Client()
}

// noKubeconfig reports that no cluster is selected, also because the
// kubeconfig is empty, such as /dev/null: a context or a file that was named but
// does not exist is an error, not the lack of one.
func (f *Factory) noKubeconfig() bool {
	if deref(f.Config.Context) != "" || deref(f.Config.APIServer) != "" {
		return false
	}
	raw, err := f.Config.ToRawKubeConfigLoader().RawConfig()
	return err == nil && len(raw.Contexts) == 0 && len(raw.Clusters) == 0
}

// options are the SDK's options that are the same for every command.
func (f *Factory) options() ([]sdk.Option, error) {
	opts := append([]sdk.Option{sdk.WithWarnings(f.WarnOf)}, f.Plugin.Options...)
	if cache := newCache(f.Now); cache != nil {
		opts = append(opts, sdk.WithCache(cache))
	}
	user, err := f.LoginName()
	if err != nil {
		return nil, err
	}
	if user != "" {
		opts = append(opts, sdk.WithUser(user))
	}
	return opts, nil
}

// LoginName returns the name that `auth login` keeps; empty without one.
func (f *Factory) LoginName() (string, error) {
	file, err := f.Identity()
	if err != nil {
		// Without a home folder there is no login.
		return "", nil
	}
	user, err := file.Load()
	if err != nil {
		return "", api.Invalid("", "%v", err)
	}
	return user, nil
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// ForContext returns a factory for the same command on another context of the same
// kubeconfig. Without --namespace it works in that context's own namespace.
func (f *Factory) ForContext(context string) *Factory {
	config := genericclioptions.NewConfigFlags(true).WithWarningPrinter(f.IOStreams)
	config.KubeConfig, config.CacheDir = f.Config.KubeConfig, f.Config.CacheDir
	config.Namespace, config.Timeout = f.Config.Namespace, f.Config.Timeout
	config.Impersonate, config.ImpersonateUID, config.ImpersonateGroup =
		f.Config.Impersonate, f.Config.ImpersonateUID, f.Config.ImpersonateGroup
	config.Context = &context
	return &Factory{IOStreams: f.IOStreams, Plugin: f.Plugin, Config: config, Now: f.Now,
		NewClient: f.NewClient, Identity: f.Identity, IsTerminal: f.IsTerminal}
}
