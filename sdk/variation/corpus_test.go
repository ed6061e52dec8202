package variation

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/spec"
)

// shared returns the folder of third-party files, which is beside the
// repository.
func shared(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("VAST_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the corpus is missing: %v", err)
		}
		t.Skipf("the corpus is missing (set VAST_SHARED): %v", err)
	}
	return dir
}

func corpusCampaign(t *testing.T, name string) *spec.Campaign {
	t.Helper()
	path := filepath.Join(shared(t), "corpus", "robovast", "configs", filepath.FromSlash(name))
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c, err := spec.ParseCampaign(path, data, spec.Inputs{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRoboVASTFilesGiveTheConfigurationsTheyClaim(t *testing.T) {
	for name, want := range map[string]struct{ configs, runs int }{
		"examples/growth_sim/growth_sim.vast": {13, 260},
		"navigation/small_dataset.vast":       {315, 945},
		"examples/ros2_basic/ros2_basic.vast": {1, 1},
		// SOURCE.txt speaks of 25: five values, each run five times.
		"examples/basic_nav/basic_nav.vast": {5, 25},
	} {
		t.Run(name, func(t *testing.T) {
			c := corpusCampaign(t, name)
			configs, err := Expand(t.Context(), c, Default())
			if err != nil || configs.Len() != want.configs || configs.Len()*c.Execution.Runs != want.runs {
				t.Errorf("%d configurations, %d runs, error %v", configs.Len(), configs.Len()*c.Execution.Runs, err)
			}
		})
	}
}

func TestTheConfigurationsOfGrowthSim(t *testing.T) {
	configs, err := Expand(t.Context(), corpusCampaign(t, "examples/growth_sim/growth_sim.vast"), Default())
	if err != nil {
		t.Fatal(err)
	}
	want := `
test-1-1 {"growth_rate":0.05,"initial_population":50}
test-1-2 {"growth_rate":0.05,"initial_population":100}
test-1-3 {"growth_rate":0.05,"initial_population":200}
test-2-1 {"growth_rate":0.1,"initial_population":50}
test-2-2 {"growth_rate":0.1,"initial_population":100}
test-2-3 {"growth_rate":0.1,"initial_population":200}
test-3-1 {"growth_rate":0.3,"initial_population":50}
test-3-2 {"growth_rate":0.3,"initial_population":100}
test-3-3 {"growth_rate":0.3,"initial_population":200}
test-4-1 {"growth_rate":0.5,"initial_population":50}
test-4-2 {"growth_rate":0.5,"initial_population":100}
test-4-3 {"growth_rate":0.5,"initial_population":200}
test-fixed-values {"growth_rate":0.07,"initial_population":123}
`
	if diff := cmp.Diff(want, "\n"+lines(configs)); diff != "" {
		t.Errorf("configurations (-want,+got):\n%s", diff)
	}
}

func TestAPluginTypeOfRoboVASTIsNamedWithItsLine(t *testing.T) {
	_, err := Expand(t.Context(), corpusCampaign(t, "examples/basic_nav/basic_nav_rasterized_routes.vast"), Default())
	want := `basic_nav_rasterized_routes.vast:5:5: configuration[0].variations[0].PathVariationRasterized: unknown variation type "PathVariationRasterized"; known are`
	if text := invalid(t, err); !strings.Contains(text, want) {
		t.Errorf("%s\nlacks %q", text, want)
	}
}
