package contexts_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/contexts"
)

const kubeconfig = `
apiVersion: v1
kind: Config
current-context: %CURRENT%
clusters: [{name: c, cluster: {server: "https://localhost:1"}}]
users: [{name: u, user: {}}]
contexts:
- {name: local, context: {cluster: c, user: u}}
- {name: "gke_proj/eu:vast@lab", context: {cluster: c, user: u}}
- {name: my own cluster, context: {cluster: c, user: u}}
`

// with is the kubeconfig with a current context.
func with(current string) string { return strings.Replace(kubeconfig, "%CURRENT%", current, 1) }

// write writes a file of a test and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheContextsOfAKubeconfig(t *testing.T) {
	all := []string{"gke_proj/eu:vast@lab", "local", "my own cluster"}
	for name, tt := range map[string]struct {
		text, active string
		all          []string
	}{
		"a current context":                  {with("local"), "local", all},
		"a current context with odd letters": {with("gke_proj/eu:vast@lab"), "gke_proj/eu:vast@lab", all},
		"none is current":                    {with(`""`), "", all},
		"one is current that is not there":   {with("gone"), "", all},
		"an empty file":                      {"", "", []string{}},
		"no YAML":                            {"{", "", []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, "config", tt.text)
			for how, c := range map[string]string{"by name": path, "by KUBECONFIG": ""} {
				t.Setenv("KUBECONFIG", path)
				if got := contexts.Active(contexts.Kubeconfig(c)); got != tt.active {
					t.Errorf("%s: active is %q, want %q", how, got, tt.active)
				}
				if diff := cmp.Diff(tt.all, contexts.All(contexts.Kubeconfig(c))); diff != "" {
					t.Errorf("%s: contexts (-want,+got):\n%s", how, diff)
				}
			}
		})
	}
	t.Run("no file", func(t *testing.T) {
		none := contexts.Kubeconfig(filepath.Join(t.TempDir(), "none"))
		if active, all := contexts.Active(none), contexts.All(none); active != "" || len(all) > 0 {
			t.Errorf("active %q of %q", active, all)
		}
	})
	t.Run("several files", func(t *testing.T) {
		t.Setenv("KUBECONFIG", write(t, "a", with("local"))+string(filepath.ListSeparator)+write(t, "b",
			"apiVersion: v1\nkind: Config\ncurrent-context: other\ncontexts: [{name: other, context: {cluster: c, user: u}}]\n"))
		both := contexts.Kubeconfig("")
		if diff := cmp.Diff([]string{"gke_proj/eu:vast@lab", "local", "my own cluster", "other"}, contexts.All(both)); diff != "" || contexts.Active(both) != "local" {
			t.Errorf("active %q; contexts (-want,+got):\n%s", contexts.Active(both), diff)
		}
	})
}
