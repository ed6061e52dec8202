package cli

import (
	"cmp"

	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/hint"
	"github.com/kubevast/vast/internal/redact"
	"github.com/kubevast/vast/sdk/contexts"
)

// TargetOf returns the cluster and the namespace that kubectl's flags select, for
// command lines in messages. Secret values of flags are replaced by "...".
//
// It does not use the loader of the flags: once that is made, the flags cannot
// select another context.
func TargetOf(f *genericclioptions.ConfigFlags) hint.Target {
	usual := usualNamespace(f)
	return hint.At(flagsOf(f), usual).In(cmp.Or(ptr.Deref(f.Namespace, ""), usual))
}

// flagsOf writes the flags that were given as words of a command line.
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

// usualNamespace is the one that a command with the same flags, but without
// --namespace, works in; empty when the kubeconfig does not tell.
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

// flagsWithTarget gives the SDK's client the target of kubectl's flags.
type flagsWithTarget struct{ *genericclioptions.ConfigFlags }

func (f flagsWithTarget) HintTarget() hint.Target { return TargetOf(f.ConfigFlags) }
