package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/contexts"
)

const twoContexts = `
apiVersion: v1
kind: Config
current-context: local
clusters:
- {name: near, cluster: {server: "https://near:6443"}}
- {name: far, cluster: {server: "https://far:6443"}}
users: [{name: me, user: {}}]
contexts:
- {name: local, context: {cluster: near, user: me, namespace: here}}
- {name: "gke_proj/eu:vast@lab", context: {cluster: far, user: me, namespace: there}}
`

func withKubeconfig(t *testing.T, text string) (*Factory, func() string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	if text != "" {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("KUBECONFIG", path)
	f, errOut := testFactory(nil, false)
	return f, errOut.String
}

func TestTheTargetIsTheOneThatIsUsed(t *testing.T) {
	lab := contexts.Claim{Context: "gke_proj/eu:vast@lab", File: "x.yaml"}
	for name, tt := range map[string]struct {
		claim                    contexts.Claim
		context, cluster, server string
		target, host, says       string
	}{
		"the current context":       {target: "context local, namespace here", host: "https://near:6443"},
		"the context that is given": {context: lab.Context, target: "context gke_proj/eu:vast@lab, namespace there", host: "https://far:6443"},
		"the context of a file":     {claim: lab, target: "context gke_proj/eu:vast@lab, namespace there", host: "https://far:6443"},
		"the same of both":          {claim: lab, context: lab.Context, target: "context gke_proj/eu:vast@lab, namespace there", host: "https://far:6443"},
		"a cluster":                 {cluster: "far", target: "cluster far, namespace here", host: "https://far:6443"},
		"a server":                  {server: "https://other:1", target: "server https://other:1, namespace here", host: "https://other:1"},
		"a file against a context":  {claim: lab, context: "local", says: `x.yaml: this is for context "gke_proj/eu:vast@lab", but context "local" is given`},
		"a file against a server":   {claim: lab, server: "https://other:1", says: "but --server names a cluster"},
		"a file against a cluster":  {claim: lab, cluster: "near", says: "but --cluster names a cluster"},
		"a context that is not there": {claim: contexts.Claim{Context: "gone", File: "x.yaml"},
			says: `x.yaml: the kubeconfig has no context "gone"; it has "gke_proj/eu:vast@lab", "local"`},
	} {
		t.Run(name, func(t *testing.T) {
			f, errOut := withKubeconfig(t, twoContexts)
			*f.Config.Context, *f.Config.ClusterName, *f.Config.APIServer = tt.context, tt.cluster, tt.server
			err := f.UseContextOf([]contexts.Claim{tt.claim}, api.DryRunNone)
			if tt.says != "" {
				if ExitCode(err) != CodeUsage || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("error %v, want %q", err, tt.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			cfg, err := f.Config.ToRESTConfig()
			if err != nil {
				t.Fatal(err)
			}
			ns, _, err := f.Config.ToRawKubeConfigLoader().Namespace()
			if err != nil {
				t.Fatal(err)
			}
			f.ShowTarget(ns)
			if diff := cmp.Diff(tt.target+"\n", errOut()); diff != "" || cfg.Host != tt.host {
				t.Errorf("goes to %s; printed (-want,+got):\n%s", cfg.Host, diff)
			}
		})
	}
}

func TestWithoutAKubeconfigAFileOfAContextCanOnlyBeShown(t *testing.T) {
	claims := []contexts.Claim{{Context: "lab", File: "x.yaml"}}
	f, _ := withKubeconfig(t, "")
	if err := f.UseContextOf(claims, api.DryRunClient); err != nil || f.GivenContext() != "" {
		t.Errorf("context %q, error %v", f.GivenContext(), err)
	}
	err := f.UseContextOf(claims, api.DryRunServer)
	if ExitCode(err) != CodeUsage || !strings.Contains(err.Error(), "there is no kubeconfig with contexts") {
		t.Errorf("error %v", err)
	}
}

func TestABrokenKubeconfigIsAnErrorOfTheClient(t *testing.T) {
	f, _ := withKubeconfig(t, "{")
	if err := f.UseContextOf([]contexts.Claim{{Context: "lab", File: "x.yaml"}}, api.DryRunNone); err != nil {
		t.Errorf("error %v", err)
	}
	if _, err := sdk.New(f.Config); ExitCode(err) != CodeUsage || !strings.Contains(err.Error(), "kubeconfig") {
		t.Errorf("the client says %v", err)
	}
}

func TestContextsAreCompletedFromTheKubeconfig(t *testing.T) {
	f, _ := withKubeconfig(t, twoContexts)
	root := NewRoot(f, "short", "long", nil)
	complete, ok := root.GetFlagCompletionFunc("context")
	if !ok {
		t.Fatal("--context has no completion")
	}
	names, _ := complete(root, nil, "")
	if diff := cmp.Diff([]string{"gke_proj/eu:vast@lab", "local"}, names); diff != "" {
		t.Errorf("(-want,+got):\n%s", diff)
	}
}
