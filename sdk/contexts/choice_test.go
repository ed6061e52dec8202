package contexts_test

import (
	"testing"

	"github.com/kubevast/vast/sdk/contexts"
)

func TestWhichContextIsUsed(t *testing.T) {
	forAny := contexts.Claim{File: "any.yaml"}
	claim := func(file, context string) contexts.Claim {
		return contexts.Claim{File: file, Context: context, Line: 3, Column: 7, Path: "resources.infra"}
	}
	known := []string{"a", "b", "x/y:z@w"}
	for name, tt := range map[string]struct {
		choice     contexts.Choice
		claims     []contexts.Claim
		want, says string
	}{
		"the active one":                             {contexts.Choice{Active: "a", Known: known}, []contexts.Claim{forAny, forAny}, "", ""},
		"the given one":                              {contexts.Choice{Given: "b", Active: "a", Known: known}, []contexts.Claim{forAny}, "b", ""},
		"the claimed one":                            {contexts.Choice{Active: "a", Known: known}, []contexts.Claim{claim("x.yaml", "x/y:z@w")}, "x/y:z@w", ""},
		"the claimed one, given too":                 {contexts.Choice{Given: "b", Active: "a", Known: known}, []contexts.Claim{claim("x.yaml", "b"), forAny}, "b", ""},
		"two files that claim the same":              {contexts.Choice{Active: "a", Known: known}, []contexts.Claim{claim("x.yaml", "b"), claim("y.yaml", "b")}, "b", ""},
		"the active one, claimed by one":             {contexts.Choice{Active: "a", Known: known}, []contexts.Claim{claim("x.yaml", "a"), forAny}, "a", ""},
		"whatever is claimed where nothing is known": {contexts.Choice{}, []contexts.Claim{claim("x.yaml", "new")}, "new", ""},

		"another one is given": {contexts.Choice{Given: "b", Known: known}, []contexts.Claim{claim("x.yaml", "a"), claim("y.yaml", "c")}, "",
			"x.yaml:3:7: resources.infra: this is for context \"a\", but context \"b\" is given; omit one of them\n" +
				"y.yaml:3:7: resources.infra: this is for context \"c\", but context \"b\" is given; omit one of them"},
		"files for several clusters": {contexts.Choice{Known: known}, []contexts.Claim{claim("x.yaml", "a"), claim("y.yaml", "b")}, "",
			`x.yaml:3:7: resources.infra: one call goes to one cluster, but there are the contexts "a", "b"; submit the files of each context separately`},
		"one file for several clusters": {contexts.Choice{Known: known}, []contexts.Claim{claim("x.yaml", "a"), claim("x.yaml", "b")}, "",
			`x.yaml:3:7: resources.infra: one call goes to one cluster, but there are the contexts "a", "b" [Context to choose one of them]`},
		"one file that leaves it open beside one that does not": {contexts.Choice{Active: "a", Known: known}, []contexts.Claim{claim("x.yaml", "b"), forAny}, "",
			`any.yaml: this names no context, but x.yaml is for "b"; submit them separately [Context to choose one for all files]`},
		"one that the kubeconfig lacks": {contexts.Choice{Active: "a", Known: known}, []contexts.Claim{claim("x.yaml", "c")}, "",
			`x.yaml:3:7: resources.infra: the kubeconfig has no context "c"; it has "a", "b", "x/y:z@w"`},
		"a cluster that is named in another way": {contexts.Choice{Active: "a", Elsewhere: "--server", Known: known}, []contexts.Claim{claim("x.yaml", "a")}, "",
			`x.yaml:3:7: resources.infra: this is for context "a", but --server names a cluster; omit one of them`},
		"one where there are none": {contexts.Choice{Known: []string{}}, []contexts.Claim{claim("x.yaml", "c")}, "",
			`x.yaml:3:7: resources.infra: this is for context "c", but there is no kubeconfig with contexts [Kubeconfig to name one]`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := tt.choice.For(tt.claims)
			says(t, err, tt.says)
			if got != tt.want {
				t.Errorf("context %q, want %q", got, tt.want)
			}
		})
	}
}
