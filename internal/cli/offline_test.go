package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"
)

func TestWhatNeedsNoClusterDoesWithoutAKubeconfigAsInKubectl(t *testing.T) {
	dir := t.TempDir()
	empty, none := filepath.Join(dir, "empty"), filepath.Join(dir, "none")
	nothing := filepath.Join(dir, "config")
	for name, text := range map[string]string{empty: "", nothing: "apiVersion: v1\nkind: Config\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, tc := range map[string]struct {
		kubeconfig, env, context string
		says                     string
	}{
		"/dev/null":                            {kubeconfig: os.DevNull},
		"a file without content":               {kubeconfig: empty},
		"one without contexts":                 {kubeconfig: nothing},
		"a variable that names /dev/null":      {env: os.DevNull},
		"a variable that names what is not":    {env: none},
		"but a file that is named has to be":   {kubeconfig: none, says: "no such file"},
		"and a context that is named likewise": {kubeconfig: os.DevNull, context: "lab", says: `context "lab" does not exist`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("KUBECONFIG", tc.env)
			t.Setenv("HOME", dir)
			t.Setenv("KUBERNETES_SERVICE_HOST", "")
			streams, _, _, _ := genericiooptions.NewTestIOStreams()
			f := NewFactory(Plugin{Name: "kubectl-vast", Display: "kubectl vast"}, streams)
			namespace := "lab"
			f.Config.KubeConfig, f.Config.Context, f.Config.Namespace = &tc.kubeconfig, &tc.context, &namespace
			client, err := f.OfflineClient()
			switch {
			case tc.says != "":
				if err == nil || !strings.Contains(err.Error(), tc.says) {
					t.Errorf("error %v, want %q", err, tc.says)
				}
			case err != nil:
				t.Error(err)
			case client.Namespace() != "lab":
				t.Errorf("namespace %s", client.Namespace())
			}
		})
	}
}
