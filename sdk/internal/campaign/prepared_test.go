package campaign

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/task"
)

func TestAPreparedCampaignIsFoundByWhoAppliesIt(t *testing.T) {
	for name, tc := range map[string]struct {
		login, user string
		found       bool
		changed     string // what a change without an id says
		readme      string
	}{
		"no user is given":                                {"", "", true, "has none here", "The record names no user"},
		"the user who has said a name":                    {"ann", "ann", true, "", "campaign of user `ann`"},
		"not by others than the user who has said a name": {"bob", "bob", false, "has none here", "campaign of user `bob`"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			conn, err := access.Connect(&rest.Config{Host: "http://localhost"}, access.Options{Namespace: "ns", User: tc.login, FallbackUser: "a-name-of-the-kubeconfig"})
			if err != nil {
				t.Fatal(err)
			}
			s, configs := w.campaign()
			made, err := New(conn, task.New(conn, nil, nil), nil).WritePrepared(t.Context(), s, configs, nil, api.PrepareOptions{Dir: filepath.Join(t.TempDir(), "out"), CampaignOptions: api.CampaignOptions{AgentImage: "agent:dev"}})
			if err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(filepath.Join(made.Dir, "campaign.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			record := &corev1.ConfigMap{}
			if err := yaml.Unmarshal(data, record); err != nil {
				t.Fatal(err)
			}
			if _, err := w.fake.CoreV1().ConfigMaps("ns").Create(t.Context(), record, metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
			for what, o := range map[string]api.CampaignListOptions{"monitor": {}, "campaign list": {Brief: true}, "@latest": {Refs: []string{"@latest"}}} {
				list, err := w.List(t.Context(), o)
				found := err == nil && len(list.Items) == 1 && list.Items[0].ID == made.ID && list.Items[0].User == tc.user
				if found != tc.found {
					t.Errorf("%s: %+v, %v", what, list, err)
				}
			}
			_, err = w.Stop(t.Context(), "@latest", api.CampaignStopOptions{DryRun: api.DryRunClient})
			if (tc.changed == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), tc.changed) {
				t.Errorf("to stop @latest: %v, want %q", err, tc.changed)
			}
			own, _, err := w.records.Find(t.Context(), api.CampaignListOptions{}, true)
			if err != nil || len(own) != 0 != (tc.user == "ann") {
				t.Errorf("what changes all of one's own changes %+v, %v", own, err)
			}
			readme, err := os.ReadFile(filepath.Join(made.Dir, "README.md"))
			if err != nil || !strings.Contains(string(readme), tc.readme) {
				t.Errorf("the README does not say %q, %v", tc.readme, err)
			}
		})
	}
}
