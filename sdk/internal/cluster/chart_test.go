package cluster

import (
	"flag"
	"testing"

	"github.com/kubevast/vast/internal/helm"
	"github.com/kubevast/vast/internal/kube"
)

var update = flag.Bool("update", false, "write the golden files")

// kueueChart returns the chart that package setup embeds.
func kueueChart(t *testing.T) *helm.Chart {
	t.Helper()
	chart, err := helm.LoadChart("../../setup/kueue-" + kube.KueueVersion + ".tgz")
	if err != nil {
		t.Fatal(err)
	}
	return chart
}

// Helm ignores a value that a chart does not have; so each of ours is looked up
// in the chart's own.
func TestTheValuesAreOnesThatTheChartHas(t *testing.T) {
	packed := kueueChart(t)
	values := kueueValues("mirror.example.com/kueue:v0.16.1", true)
	var known func(path string, ours, theirs map[string]any)
	known = func(path string, ours, theirs map[string]any) {
		for key, value := range ours {
			there, ok := theirs[key]
			if !ok {
				t.Errorf("the chart has no value %s%s", path, key)
			}
			if below, ok := value.(map[string]any); ok {
				deeper, _ := there.(map[string]any)
				known(path+key+".", below, deeper)
			}
		}
	}
	known("", values, packed.Values)
}
