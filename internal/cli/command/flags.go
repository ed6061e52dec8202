package command

import (
	"cmp"

	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/redact"
	"github.com/kubevast/vast/sdk/contexts"
)

// TargetOf returns the target of kubectl's flags: the namespace that they name, or
// else the usual one. Values that are secret are replaced by "...".
//
// It does not use the loader of the flags: after that was called, the flags can be
// given no other context.
func TargetOf(f *genericclioptions.ConfigFlags) Target {
	usual := usualNamespace(f)
	return NewTarget(flagsOf(f), usual).In(cmp.Or(ptr.Deref(f.Namespace, ""), usual))
}

// flagsOf returns the given flags as words of a command line.
func flagsOf(f *genericclioptions.ConfigFlags) []string {
	var out []string
	say := func(name string, value *string) {
		if v := ptr.Deref(value, ""); v != "" {
			out = append(out, "--"+name+"="+v)
		}
	}
	secret := func(name string, value *string) {
		if ptr.Deref(value, "") != "" {
			out = append(out, "--"+name+"=...")
		}
	}
	say("kubeconfig", f.KubeConfig)
	say("context", f.Context)
	say("cluster", f.ClusterName)
	say("user", f.AuthInfoName)
	if server := ptr.Deref(f.APIServer, ""); server != "" {
		out = append(out, "--server="+redact.URL(server))
	}
	if proxy := ptr.Deref(f.ProxyURL, ""); proxy != "" {
		out = append(out, "--proxy-url="+redact.URL(proxy))
	}
	say("tls-server-name", f.TLSServerName)
	say("certificate-authority", f.CAFile)
	say("client-certificate", f.CertFile)
	say("client-key", f.KeyFile)
	if ptr.Deref(f.Insecure, false) {
		out = append(out, "--insecure-skip-tls-verify")
	}
	secret("token", f.BearerToken)
	secret("password", f.Password)
	say("username", f.Username)
	say("as", f.Impersonate)
	say("as-uid", f.ImpersonateUID)
	for _, group := range ptr.Deref(f.ImpersonateGroup, nil) {
		out = append(out, "--as-group="+group)
	}
	for _, extra := range ptr.Deref(f.ImpersonateUserExtra, nil) {
		out = append(out, "--as-user-extra="+extra)
	}
	return out
}

// usualNamespace returns the namespace of a command with the same flags, but without
// --namespace. It is empty if the kubeconfig cannot be read.
func usualNamespace(f *genericclioptions.ConfigFlags) string {
	raw, err := contexts.Kubeconfig(ptr.Deref(f.KubeConfig, "")).RawConfig()
	if err != nil {
		return ""
	}
	c, ok := raw.Contexts[cmp.Or(ptr.Deref(f.Context, ""), raw.CurrentContext)]
	if !ok {
		return ""
	}
	return cmp.Or(c.Namespace, "default")
}
