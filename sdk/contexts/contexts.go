// Package contexts resolves the contexts of a kubeconfig, and the values that a
// file gives for each of them.
//
// # Values per cluster
//
// One file may be meant for clusters of different size. Any field of its
// resources can then be a list of {context: value} instead of a plain value:
//
//	resources:
//	  cpus:
//	    - gke_lab_europe-west1_big: 32
//	    - kind-vast: 2
//	  memory: 4
//
// A list is one of values per cluster when it is not empty and each of its
// items is a mapping with one key. Every other value is what it is, on every
// cluster. There is no default entry: a context that the list lacks is an
// error, and so is a list when no context is selected. A context's
// name is never interpreted; it may hold "/", ":", "@" and blanks.
//
// Value and Resources apply the rule to decoded YAML.
package contexts

import (
	"maps"
	"slices"

	"k8s.io/client-go/tools/clientcmd"
)

// Kubeconfig returns the kubeconfig that kubectl would read, without reading
// it yet: the file that path names or, when path is empty, those of KUBECONFIG,
// else ~/.kube/config.
func Kubeconfig(path string) clientcmd.ClientConfig {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = path
	return clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{})
}

// Active returns the kubeconfig's current context. It is empty when that
// cannot be determined: no kubeconfig, one that cannot be read, no current
// context in it, or one that it does not have.
func Active(kubeconfig clientcmd.ClientConfig) string {
	raw, err := kubeconfig.RawConfig()
	if err != nil {
		return ""
	}
	if _, ok := raw.Contexts[raw.CurrentContext]; !ok {
		return ""
	}
	return raw.CurrentContext
}

// All returns the names of the kubeconfig's contexts, sorted. The list is empty,
// never nil, when there is no kubeconfig, or one that cannot be read.
func All(kubeconfig clientcmd.ClientConfig) []string {
	names := []string{}
	if raw, err := kubeconfig.RawConfig(); err == nil {
		names = slices.AppendSeq(names, maps.Keys(raw.Contexts))
	}
	slices.Sort(names)
	return names
}
