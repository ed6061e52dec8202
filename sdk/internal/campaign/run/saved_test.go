package run

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/campaigntest"
	"github.com/kubevast/vast/sdk/internal/campaign/plan"
	"github.com/kubevast/vast/sdk/variation"
)

func TestTheStoreHasTheFilesThatLinksLeadTo(t *testing.T) {
	s := campaigntest.Small(t)
	s.Execution.RunFiles = []string{"*.py"}
	dir := filepath.Dir(s.Path)
	err := errors.Join(os.Mkdir(filepath.Join(dir, "lib"), 0o700), os.WriteFile(filepath.Join(dir, "lib", "b"), nil, 0o600), os.Symlink("lib/b", filepath.Join(dir, "a.py")))
	if err != nil {
		t.Fatal(err)
	}
	d, err := plan.NewDraft(t.Context(), plan.Target{Namespace: "lab"}, s, variation.Of(variation.Config{Name: "a"}), api.CampaignOptions{AgentImage: "agent:dev", ID: "c-2026-11-21-101500"}, false)
	if err != nil {
		t.Fatal(err)
	}
	b, err := store.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := upload(t.Context(), b, d); err != nil {
		t.Fatal(err)
	}
	var got []string
	for o, err := range b.List(t.Context(), layout.CampaignPrefix(d.Record.ID)+layout.ConfigDir+"lib", store.ListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, o.Key)
	}
	if diff := cmp.Diff([]string{"campaigns/c-2026-11-21-101500/_config/lib/b"}, got); diff != "" {
		t.Errorf("keys (-want,+got):\n%s", diff)
	}
}
