package plan

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/internal/campaign/record"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

// What is stored for a resumed or repeated campaign is read back unchanged.
func TestValuesComeBackFromTheStoreAsTheyWere(t *testing.T) {
	const large, odd = json.Number("123456789012345678901234567890"), json.Number("-18446744073709551615")
	want := variation.Config{Name: "a", Parameters: []spec.Parameter{
		{Name: "large", Value: large}, {Name: "odd", Value: odd}, {Name: "of64", Value: json.Number("18446744073709551615")},
		{Name: "small", Value: int64(-7)}, {Name: "whole", Value: 21.0}, {Name: "e", Value: 1e+22}, {Name: "tiny", Value: 5e-324},
		{Name: "text", Value: "1e6"}, {Name: "digits", Value: "123456789012345678901234567890"}, {Name: "yes", Value: "yes"}, {Name: "none", Value: nil}, {Name: "on", Value: true},
		{Name: "nested", Value: map[string]any{"list": []any{large, "1:30", map[string]any{"on": odd}}}},
	}}
	data, err := (&Configurations{Configs: variation.Of(want)}).marshal(t.Context(), record.MaxConfigurations)
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParseConfigurations(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]variation.Config{want}, slices.Collect(back.All())); diff != "" {
		t.Errorf("(-written,+read):\n%s\n%s", diff, data)
	}
}
