package setup

import (
	"bytes"
	"flag"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/kubevast/vast/internal/kube"
)

var update = flag.Bool("update", false, "pack Kueue's chart anew")

// The embedded chart is that of the module that go.mod names, and nothing else.
func TestTheEmbeddedChartIsThatOfTheModule(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kueue").Output()
	if err != nil {
		t.Fatal(err)
	}
	module, err := loader.LoadDir(filepath.Join(strings.TrimSpace(string(out)), "charts", "kueue"))
	if err != nil {
		t.Fatal(err)
	}
	packed, err := loader.LoadArchive(bytes.NewReader(embeddedChart()))
	if *update && (err != nil || !cmp.Equal(contents(module), contents(packed))) {
		if _, err := chartutil.Save(module, "."); err != nil {
			t.Fatal(err)
		}
		t.Fatal("the chart was packed anew; build and test again")
	}
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(contents(module), contents(packed)); diff != "" {
		t.Errorf("chart (-module +embedded):\n%s", diff)
	}
	if packed.Metadata.Version != kube.KueueVersion {
		t.Errorf("the chart's version is %s", packed.Metadata.Version)
	}
}

// contents are a chart's files but for Chart.yaml, which packing writes anew.
func contents(c *chart.Chart) map[string]string {
	files := map[string]string{}
	for _, f := range append(c.Templates, c.Files...) {
		files[f.Name] = string(f.Data)
	}
	for _, f := range c.Raw {
		if f.Name == "values.yaml" {
			files[f.Name] = string(f.Data)
		}
	}
	return files
}
