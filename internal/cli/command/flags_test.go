package command

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"
)

const homeAndLab = `apiVersion: v1
kind: Config
current-context: home
contexts:
- name: home
  context: {cluster: c, user: u, namespace: mine}
- name: lab
  context: {cluster: c, user: u}
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {}}]
`

func TestHintsCarryTheFlagsThatLeadToWhereTheUserWas(t *testing.T) {
	tests := map[string]struct {
		flags []string
		want  string
	}{
		"no flags need none":                             {nil, "kubectl vast list"},
		"the context's own namespace is not repeated":    {[]string{"-n", "mine"}, "kubectl vast list"},
		"another namespace is":                           {[]string{"-n", "default"}, "kubectl vast list -n default"},
		"a context":                                      {[]string{"--context=lab"}, "kubectl vast list --context=lab"},
		"a context's default namespace is the usual one": {[]string{"--context=lab", "-n", "default"}, "kubectl vast list --context=lab"},
		"a context and another namespace":                {[]string{"--context=lab", "-n", "mine"}, "kubectl vast list --context=lab -n mine"},
		"another server, user and certificate":           {[]string{"--server=https://x:1", "--user=a b", "--certificate-authority=ca", "--cluster=c"}, "kubectl vast list --cluster=c --user='a b' --server=https://x:1 --certificate-authority=ca"},
		"who is impersonated":                            {[]string{"--as=bob", "--as-group=x", "--as-group=y"}, "kubectl vast list --as=bob --as-group=x --as-group=y"},
		"a token is not repeated":                        {[]string{"--token=hush"}, "kubectl vast list --token=..."},
		"nor a login in a URL":                           {[]string{"--server=https://me:hush@x"}, "kubectl vast list --server='https://***@x'"},
		"flags that lead nowhere else are left out":      {[]string{"--request-timeout=5s", "--cache-dir=/tmp/x"}, "kubectl vast list"},
	}
	config := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(config, []byte(homeAndLab), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", config)
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f := genericclioptions.NewConfigFlags(true)
			set := pflag.NewFlagSet("x", pflag.ContinueOnError)
			f.AddFlags(set)
			if err := set.Parse(tc.flags); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, TargetOf(f).Vast("list")); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("a kubeconfig", func(t *testing.T) {
		t.Setenv("KUBECONFIG", "/nowhere")
		f := genericclioptions.NewConfigFlags(true)
		*f.KubeConfig, *f.Namespace = config, "lab"
		if diff := cmp.Diff("kubectl vast list --kubeconfig="+config+" -n lab", TargetOf(f).Vast("list")); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("and a context that is chosen afterwards still counts", func(t *testing.T) {
		f := genericclioptions.NewConfigFlags(true)
		TargetOf(f)
		*f.Context = "lab"
		ns, _, err := f.ToRawKubeConfigLoader().Namespace()
		if err != nil || ns != "default" {
			t.Errorf("namespace %q, error %v", ns, err)
		}
	})
}
