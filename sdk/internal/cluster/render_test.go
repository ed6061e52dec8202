package cluster

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/task"
)

// offline is a client without a reachable server.
func offline(t *testing.T, warn func(string)) *Client {
	t.Helper()
	conn, err := access.Connect(&rest.Config{Host: "http://localhost:1"}, access.Options{Namespace: "lab", Warn: func(n api.Notice) { warn(n.Message) }})
	if err != nil {
		t.Fatal(err)
	}
	return New(conn, task.New(conn, nil, nil), nil, nil)
}

// What setup makes for each config. The golden files are validated by a real
// API server in testenv/e2e.
func TestRender(t *testing.T) {
	quota := map[string]string{"cpu": "64", "memory": "256Gi"}
	for name, o := range map[string]api.SetupOptions{
		"kind":     {Config: "kind", Quota: quota},
		"minikube": {Config: "minikube", Quota: quota, Options: map[string]string{"storage_size": "5Gi"}},
		"rke2":     {Config: "rke2", Quota: quota, Store: api.StoreOptions{Endpoint: "https://s3.example.com", Secret: "s3"}},
		"gcp":      {Config: "gcp", Quota: map[string]string{"cpu": "64", "memory": "256Gi", "nvidia.com/gpu": "8"}, Options: map[string]string{"storage_size": "50Gi", "disk_type": "pd-ssd"}},
		"azure":    {Config: "azure", Quota: quota},
		"nothing":  {Config: "rke2", Quota: quota, Store: api.StoreOptions{Kind: api.StoreNone}},
	} {
		t.Run(name, func(t *testing.T) {
			c := offline(t, func(w string) { t.Errorf("warning: %s", w) })
			objects, err := c.Render(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			for i, obj := range objects {
				text, err := yaml.Marshal(obj)
				if err != nil {
					t.Fatal(err)
				}
				if i > 0 {
					got.WriteString("---\n")
				}
				got.Write(text)
			}
			path := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRenderReportsWhatItCannotCompute(t *testing.T) {
	var warnings []string
	c := offline(t, func(w string) { warnings = append(warnings, w) })
	if _, err := c.Render(t.Context(), api.SetupOptions{Config: "kind"}); err != nil {
		t.Fatal(err)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "a quota of 0 is a placeholder for what is measured") {
		t.Errorf("warnings: %q", warnings)
	}
	_, err := c.Render(t.Context(), api.SetupOptions{Quota: map[string]string{"cpu": "x"}})
	says(t, err, "without a cluster the config must be named", "Quota cpu:")
}
