package variation

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// These values must never change either. Those without a seed are computed by
// this package alone, and what needs no table is readable here.
func TestTheSameSeedGivesTheSameValuesForEver(t *testing.T) {
	const file = `
- name: a
  variations:
  - OneOfVariation:
      variations:
      - ParameterVariationDistributionUniform: {name: float, num_variations: 2, min: 0.5, max: 1.5, seed: 42}
      - ParameterVariationDistributionUniform: {name: int, num_variations: 3, min: 1, max: 10, type: int, seed: 42}
      - ParameterVariationDistributionUniform: {name: again, num_variations: 3, min: 1, max: 10, type: int, seed: 42}
      - ParameterVariationDistributionUniform: {name: text, num_variations: 1, min: 1, max: 10, type: string, seed: 42}
      - ParameterVariationDistributionUniform: {name: fraction, num_variations: 1, min: 1, max: 10.5, type: string, seed: 42}
      - ParameterVariationDistributionUniform: {name: bool, num_variations: 3, min: 0, max: 0.5, type: bool, seed: 42}
      - ParameterVariationDistributionGaussian: {name: gauss, num_variations: 2, mean: 10, std: 2, seed: 1}
      - ParameterVariationDistributionGaussian: {name: whole, num_variations: 2, mean: 10, std: 2, type: int, seed: 1}
      - ParameterVariationDistributionUniform: {name: unseeded, num_variations: 2, min: 0, max: 1}
`
	got, err := Expand(t.Context(), campaign(t, file), Default())
	if err != nil {
		t.Fatal(err)
	}
	want := `
a-1 {"float":1.1394267984578836}
a-2 {"float":0.5250107552226669}
a-3 {"int":2}
a-4 {"int":1}
a-5 {"int":5}
a-6 {"again":2}
a-7 {"again":1}
a-8 {"again":5}
a-9 {"text":"2"}
a-10 {"fraction":"7.074554585349896"}
a-11 {"bool":false}
a-12 {"bool":true}
a-13 {"bool":true}
a-14 {"gauss":13.248690727326483}
a-15 {"gauss":8.776487172699849}
a-16 {"whole":13}
a-17 {"whole":9}
a-18 {"unseeded":0.44007799335354436}
a-19 {"unseeded":0.07707952119203809}
`
	if diff := cmp.Diff(want, "\n"+lines(got)); diff != "" {
		t.Errorf("configurations (-want,+got):\n%s", diff)
	}
}

func TestADistributionGivesAllParentsTheSameValues(t *testing.T) {
	for _, seed := range []string{"", ", seed: 7"} {
		c := campaign(t, "- name: a\n  variations:\n  - ParameterVariationList: {name: p, values: [1, 2]}\n  - ParameterVariationDistributionUniform: {name: x, num_variations: 3, min: 0, max: 1"+seed+"}\n")
		configs, err := Expand(t.Context(), c, Default())
		if err != nil {
			t.Fatal(err)
		}
		got := slices.Collect(configs.All())
		for i := range 3 {
			if got[i].Text("x") != got[3+i].Text("x") {
				t.Errorf("seed %q: %s and %s", seed, got[i].Text("x"), got[3+i].Text("x"))
			}
		}
		if got[0].Text("x") == got[1].Text("x") {
			t.Errorf("seed %q: all children are alike", seed)
		}
	}
}

func TestDistributions(t *testing.T) {
	const n = 20000
	for name, tt := range map[string]struct {
		settings          string
		mean, deviation   float64
		smallest, largest float64
	}{
		"uniform":             {"Uniform: {name: x, seed: 1, min: -2, max: 4", 1, 6 / math.Sqrt(12), -2, 4},
		"uniform, whole":      {"Uniform: {name: x, seed: 1, min: 1, max: 3, type: integer", 2, math.Sqrt(2.0 / 3), 1, 3},
		"uniform, a point":    {"Uniform: {name: x, seed: 1, min: 5, max: 5", 5, 0, 5, 5},
		"normal":              {"Gaussian: {name: x, seed: 1, mean: 3, std: 0.5", 3, 0.5, -10, 10},
		"normal, cut":         {"Gaussian: {name: x, seed: 1, mean: 0, std: 1, min: 0", 1 / math.Sqrt(2*math.Pi), 0.5838, 0, 10},
		"normal, whole":       {"Gaussian: {name: x, seed: 1, mean: 0, std: 10, type: int", 0, math.Sqrt(100 + 1.0/12), -60, 60},
		"normal, both bounds": {"Gaussian: {name: x, seed: 1, mean: 0, std: 100, min: -1, max: 1", 0, 1, -1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			c := campaign(t, fmt.Sprintf("- name: a\n  variations: [{ParameterVariationDistribution%s, num_variations: %d}}]\n", tt.settings, n))
			configs, err := Expand(t.Context(), c, Default())
			if err != nil || configs.Len() != n {
				t.Fatalf("%d configurations, error %v", configs.Len(), err)
			}
			var sum, squares float64
			for config := range configs.All() {
				v, ok := number(config.Parameters[0].Value)
				if !ok || v < tt.smallest || v > tt.largest {
					t.Fatalf("value %v", config.Parameters[0].Value)
				}
				sum += v
				squares += v * v
			}
			mean := sum / n
			deviation := math.Sqrt(max(squares/n-mean*mean, 0))
			// The seed is fixed, so this never fails by chance.
			if math.Abs(mean-tt.mean) > 0.02*max(tt.deviation, 1) || math.Abs(deviation-tt.deviation) > 0.02*max(tt.deviation, 0.5) {
				t.Errorf("mean %g, deviation %g; want %g, %g", mean, deviation, tt.mean, tt.deviation)
			}
		})
	}
}
