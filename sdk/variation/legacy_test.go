package variation

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/api"
)

// These values must never change: a campaign that was started with them, by an
// older version or on another computer, must get the same configurations.
func TestLegacyValuesStayWhatTheyWere(t *testing.T) {
	const file = `
- name: a
  variations:
  - OneOfVariation:
      variations:
      - ParameterVariationDistributionUniform: {name: float, num_variations: 2, min: 0.5, max: 1.5, seed: 42}
      - ParameterVariationDistributionUniform: {name: int, num_variations: 3, min: 1, max: 10, type: int, seed: 42}
      - ParameterVariationDistributionUniform: {name: text, num_variations: 1, min: 1, max: 10, type: string, seed: 42}
      - ParameterVariationDistributionUniform: {name: fraction, num_variations: 1, min: 1, max: 10.5, type: string, seed: 42}
      - ParameterVariationDistributionUniform: {name: bool, num_variations: 3, min: 0, max: 0.5, type: bool, seed: 42}
      - ParameterVariationDistributionGaussian: {name: gauss, num_variations: 2, mean: 10, std: 2, seed: 1}
      - ParameterVariationDistributionGaussian: {name: whole, num_variations: 2, mean: 10, std: 2, type: int, seed: 1}
      - ParameterVariationDistributionUniform: {name: unseeded, num_variations: 2, min: 0, max: 1}
`
	legacy, err := With(api.RandomLegacy)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Expand(t.Context(), campaign(t, file), legacy)
	if err != nil {
		t.Fatal(err)
	}
	want := `
a-1 {"float":0.7949897850414384}
a-2 {"float":1.2002489978690902}
a-3 {"int":1}
a-4 {"int":10}
a-5 {"int":7}
a-6 {"text":"1"}
a-7 {"fraction":"10.469180419877684"}
a-8 {"bool":false}
a-9 {"bool":true}
a-10 {"bool":true}
a-11 {"gauss":7.8983323391200715}
a-12 {"gauss":5.839940377589866}
a-13 {"whole":9}
a-14 {"whole":8}
a-15 {"unseeded":0.0641380141791702}
a-16 {"unseeded":0.9496589855750157}
`
	if diff := cmp.Diff(want, "\n"+lines(got)); diff != "" {
		t.Errorf("configurations (-want,+got):\n%s", diff)
	}
}

func TestLegacyWholeNumbersOfTheWholeRange(t *testing.T) {
	for _, bounds := range [][2]int64{{math.MinInt64, math.MaxInt64}, {-1, 1}, {math.MaxInt64, math.MaxInt64}} {
		g := generator{newSource(1, "x")}
		for range 100 {
			if v := g.between(bounds[0], bounds[1]); v < bounds[0] || v > bounds[1] {
				t.Fatalf("%d is not within %v", v, bounds)
			}
		}
	}
}
