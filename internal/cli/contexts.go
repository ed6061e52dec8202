package cli

import "k8s.io/cli-runtime/pkg/genericclioptions"

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
