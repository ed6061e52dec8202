package sdk_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

func TestLoadTask(t *testing.T) {
	for name, tc := range map[string]struct {
		content string
		is      func(error) bool
		says    string
	}{
		"a task":       {content: "name: a\nrun: echo\n"},
		"a pipeline":   {"name: p\n---\nrun: a\n---\nrun: b\n", api.IsInvalidSpec, "pipeline"},
		"a volume":     {"name: data\ntype: k8s-pvc\nsize: 1\n", api.IsInvalidSpec, "not a task"},
		"a wrong file": {"run: [", api.IsInvalidSpec, "task.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "task.yaml")
			if err := os.WriteFile(path, []byte(tc.content), 0o600); err != nil {
				t.Fatal(err)
			}
			task, err := sdk.LoadTask(t.Context(), path, spec.Inputs{})
			switch {
			case tc.is == nil:
				if err != nil || task.Name != "a" {
					t.Errorf("got %+v, %v", task, err)
				}
			case !tc.is(err) || !strings.Contains(err.Error(), tc.says):
				t.Errorf("got %v, want an error that contains %q", err, tc.says)
			}
		})
	}
}

func TestLoadCampaign(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.vast")
	if _, _, err := sdk.LoadCampaign(t.Context(), path, sdk.CampaignInputs{}); !api.IsInvalidSpec(err) {
		t.Errorf("a file that does not exist: %v", err)
	}
}
