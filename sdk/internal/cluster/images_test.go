package cluster

import (
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"

	"github.com/kubevast/vast/internal/kube"
)

func TestWhatIsInstalledIsNamedByItsDigest(t *testing.T) {
	for _, image := range []string{kueueImage, storeImage} {
		if !kube.IsPinned(image) || kube.CheckImage(image) != nil {
			t.Errorf("%s is not", image)
		}
	}
}

// The real chart puts an image together as it was given, whatever form it has.
func TestTheChartTakesImagesByTagAndByDigest(t *testing.T) {
	const digest = "@sha256:87bdbcb7ab69c5364459710b90b329d51b369c17b21d670f6436fe3f6864a78f"
	for given, want := range map[string]string{
		"":                                   kueueImage,
		"mirror.example.com/kueue:v0.16.1":   "mirror.example.com/kueue:v0.16.1",
		"mirror.example.com:5000/k:1":        "mirror.example.com:5000/k:1",
		"mirror.example.com/k" + digest:      "mirror.example.com/k" + digest,
		"mirror.example.com:5/k:1" + digest:  "mirror.example.com:5/k:1" + digest,
		"registry.k8s.io/kueue/kueue:v0.1.0": "registry.k8s.io/kueue/kueue:v0.1.0",
	} {
		chart := kueueChart(t)
		values, err := chartutil.ToRenderValues(chart, kueueValues(given, false),
			chartutil.ReleaseOptions{Name: kueueRelease, Namespace: kueueNamespace, IsInstall: true}, chartutil.DefaultCapabilities)
		if err != nil {
			t.Fatal(err)
		}
		files, err := engine.Render(chart, values)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(files["kueue/templates/manager/manager.yaml"], `image: "`+want+`"`+"\n") {
			t.Errorf("%q does not become %q", given, want)
		}
	}
}
