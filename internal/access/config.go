package access

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

// ConfigFrom loads a rest.Config as kubectl does. A missing kubeconfig and an unknown
// context are InvalidSpecError, where kubectl falls back to localhost:8080.
func ConfigFrom(loader clientcmd.ClientConfig) (*rest.Config, error) {
	cfg, err := loader.ClientConfig()
	if err != nil {
		return nil, ConfigError(err, loader)
	}
	if cfg.Host == clientcmd.ClusterDefaults.Server {
		if raw, err := loader.RawConfig(); err == nil && len(raw.Clusters) == 0 {
			return nil, noKubeconfig(loader)
		}
	}
	return cfg, nil
}

// ConfigError returns an InvalidSpecError with what is wrong with a kubeconfig.
func ConfigError(err error, loader clientcmd.ClientConfig) error {
	raw, rawErr := loader.RawConfig()
	switch {
	case rawErr != nil:
		return api.Invalid("kubeconfig", "%s", text.Line(rawErr.Error()))
	case clientcmd.IsEmptyConfig(err):
		return noKubeconfig(loader)
	case clientcmd.IsContextNotFound(err) || strings.Contains(err.Error(), "does not exist"):
		return api.Invalid("", "%s; the kubeconfig has %s", text.Line(err.Error()), contextList(slices.Sorted(maps.Keys(raw.Contexts))))
	default:
		return api.Invalid("kubeconfig", "%s", text.Line(err.Error()))
	}
}

func contextList(names []string) string {
	if len(names) == 0 {
		return "no contexts"
	}
	return "the contexts " + strings.Join(names, ", ")
}

func noKubeconfig(loader clientcmd.ClientConfig) error {
	looked := strings.Join(loader.ConfigAccess().GetLoadingPrecedence(), ", ")
	if explicit := loader.ConfigAccess().GetExplicitFile(); explicit != "" {
		looked = explicit
	}
	return &api.InvalidSpecError{Problems: []api.Problem{{Message: fmt.Sprintf("no kubeconfig found (looked at %s)", looked),
		Remedies: []api.Remedy{{Options: []string{"Kubeconfig"}, Purpose: "name one, or set KUBECONFIG"}}}}}
}
