package cli

import (
	"github.com/kubevast/vast/internal/cli/command"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/contexts"
)

// GivenContext returns the value of --context; empty if it was not given.
func (f *Factory) GivenContext() string { return deref(f.Config.Context) }

// UseContextOf makes every client from now on go to the context that files are
// for, as if --context named it. It must be called before the first client is
// made. A context that cannot be used is an *api.InvalidSpecError.
func (f *Factory) UseContextOf(claims []contexts.Claim, dryRun api.DryRun) error {
	kubeconfig := contexts.Kubeconfig(deref(f.Config.KubeConfig))
	if _, err := kubeconfig.RawConfig(); err != nil {
		return nil // the client returns its error
	}
	choice := contexts.Choice{Given: f.GivenContext(), Active: contexts.Active(kubeconfig), Known: contexts.All(kubeconfig)}
	switch {
	case deref(f.Config.APIServer) != "":
		choice.Elsewhere = "--server"
	case deref(f.Config.ClusterName) != "":
		choice.Elsewhere = "--cluster"
	}
	offline := dryRun == api.DryRunClient && len(choice.Known) == 0
	if offline {
		choice.Known = nil // nothing is contacted, so any name will do
	}
	name, err := choice.For(claims)
	if err == nil && name != "" && !offline {
		f.Config.Context = &name
	}
	return err
}

// ShowTarget prints the context and the namespace of a change to stderr.
func (f *Factory) ShowTarget(namespace string) {
	f.Notef("%s, namespace %s", f.target(), namespace)
}

func (f *Factory) target() string {
	name := f.GivenContext()
	if raw, err := f.Config.ToRawKubeConfigLoader().RawConfig(); err == nil && name == "" {
		name = raw.CurrentContext
	}
	switch server, cluster := deref(f.Config.APIServer), deref(f.Config.ClusterName); {
	case server != "":
		return "server " + server
	case cluster != "":
		return "cluster " + cluster
	case name != "":
		return "context " + name
	}
	return "this pod's own cluster"
}

// Hint returns the target of the flags of this command, for messages that show the
// next command line.
func (f *Factory) Hint() command.Target { return command.TargetOf(f.Config) }
