package cluster

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	helmchart "helm.sh/helm/v3/pkg/chart"
	helmrelease "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// Releases are read without Helm, from what Helm itself stores.
func TestTheNewestReleaseOfKueueIsReadAsHelmStoresIt(t *testing.T) {
	ours := map[string]string{kube.LabelRelease: kube.LabelReleaseSetup}
	stored := func(revision int, status helmrelease.Status, version string, labels map[string]string) *helmrelease.Release {
		return &helmrelease.Release{Name: kueueRelease, Version: revision, Namespace: kueueNamespace, Labels: labels,
			Config: map[string]any{"manager": map[string]any{"tag": "v" + version}}, Info: &helmrelease.Info{Status: status},
			Chart: &helmchart.Chart{Metadata: &helmchart.Metadata{Name: "kueue", Version: version}}}
	}
	read := func(version string, deployed, ours bool) *release {
		return &release{Name: kueueRelease, Version: version, Deployed: deployed, Ours: ours,
			values: map[string]any{"manager": map[string]any{"tag": "v" + version}}}
	}
	for name, tc := range map[string]struct {
		stored []*helmrelease.Release
		want   *release
	}{
		"none":                     {},
		"one of ours":              {[]*helmrelease.Release{stored(1, helmrelease.StatusDeployed, "0.16.1", ours)}, read("0.16.1", true, true)},
		"of others":                {[]*helmrelease.Release{stored(1, helmrelease.StatusDeployed, "0.16.1", nil)}, read("0.16.1", true, false)},
		"one that failed":          {[]*helmrelease.Release{stored(1, helmrelease.StatusFailed, "0.16.1", ours)}, read("0.16.1", false, true)},
		"one that was interrupted": {[]*helmrelease.Release{stored(1, helmrelease.StatusPendingInstall, "0.16.1", ours)}, read("0.16.1", false, true)},
		"one that was uninstalled": {[]*helmrelease.Release{stored(1, helmrelease.StatusUninstalled, "0.16.1", ours)}, nil},
		"the tenth is newer than the ninth": {[]*helmrelease.Release{
			stored(9, helmrelease.StatusSuperseded, "0.16.0", ours), stored(10, helmrelease.StatusDeployed, "0.16.1", ours)}, read("0.16.1", true, true)},
	} {
		t.Run(name, func(t *testing.T) {
			set := fake.NewClientset()
			releases := storage.Init(driver.NewSecrets(set.CoreV1().Secrets(kueueNamespace)))
			for _, r := range tc.stored {
				if err := releases.Create(r); err != nil {
					t.Fatal(err)
				}
			}
			c := &Client{conn: &access.Conn{Kube: set}}
			got, err := c.findRelease(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(release{})); diff != "" {
				t.Errorf("release (-want +got):\n%s", diff)
			}
		})
	}
	if tag := read("0.16.1", true, true).value("manager", "tag"); tag != "v0.16.1" {
		t.Errorf("value %q", tag)
	}
}

func TestAClientWithoutAnInstallerNamesThePackage(t *testing.T) {
	err := new(Client).needsInstaller("install")
	if !api.IsNotSupported(err) || !strings.Contains(err.Error(), "sdk.WithInstaller(setup.Helm())") {
		t.Errorf("error %v", err)
	}
}
