package helm

import (
	"testing"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"

	"github.com/kubevast/vast/internal/kube"
)

var wanted = map[string]any{"manager": map[string]any{"replicas": 1}}

// stored is a release as it is read back: its values have gone through JSON.
func stored(status release.Status, version string, values map[string]any, labels map[string]string) *release.Release {
	return &release.Release{Name: "kueue", Version: 1, Namespace: "ns", Config: values, Labels: labels,
		Info: &release.Info{Status: status}, Chart: &chart.Chart{Metadata: &chart.Metadata{Version: version}}}
}

func TestFind(t *testing.T) {
	ours := map[string]string{kube.LabelRelease: kube.LabelReleaseSetup}
	same := map[string]any{"manager": map[string]any{"replicas": float64(1)}}
	for name, tc := range map[string]struct {
		last               *release.Release
		absent, ours, done bool
	}{
		"none":                                    {absent: true},
		"one that was uninstalled":                {last: stored(release.StatusUninstalled, "1.0.0", same, ours), absent: true},
		"ours, as it should be":                   {last: stored(release.StatusDeployed, "1.0.0", same, ours), ours: true, done: true},
		"of others":                               {last: stored(release.StatusDeployed, "1.0.0", same, nil), done: true},
		"ours with other values":                  {last: stored(release.StatusDeployed, "1.0.0", map[string]any{}, ours), ours: true},
		"ours of another version":                 {last: stored(release.StatusDeployed, "0.9.0", same, ours), ours: true},
		"ours that was cut short":                 {last: stored(release.StatusPendingInstall, "1.0.0", same, ours), ours: true},
		"ours that failed":                        {last: stored(release.StatusFailed, "1.0.0", same, ours), ours: true},
		"ours whose removal was cut short counts": {last: stored(release.StatusUninstalling, "1.0.0", same, ours), ours: true},
	} {
		t.Run(name, func(t *testing.T) {
			memory := driver.NewMemory()
			memory.SetNamespace("ns")
			c := &Client{config: &action.Configuration{Releases: storage.Init(memory)}, namespace: "ns"}
			if tc.last != nil {
				if err := c.config.Releases.Create(tc.last); err != nil {
					t.Fatal(err)
				}
			}
			found, err := c.Find("kueue")
			if err != nil {
				t.Fatal(err)
			}
			if (found == nil) != tc.absent {
				t.Fatalf("found %+v", found)
			}
			if found == nil {
				return
			}
			if found.Ours != tc.ours {
				t.Errorf("ours is %v", found.Ours)
			}
			if done := found.is(&chart.Chart{Metadata: &chart.Metadata{Version: "1.0.0"}}, wanted); done != tc.done {
				t.Errorf("is what it should be: %v", done)
			}
		})
	}
}
