package contexts_test

import (
	"fmt"

	"github.com/kubevast/vast/sdk/contexts"
)

func ExampleResources() {
	resources := map[string]any{
		"cpus":   []any{map[string]any{"lab": 32}, map[string]any{"kind-vast": 2}},
		"memory": "4",
	}
	for _, context := range []string{"lab", "kind-vast"} {
		resolved, err := contexts.Resources(resources, context)
		fmt.Println(context, resolved, err)
	}
	_, err := contexts.Resources(resources, "other")
	fmt.Println(err)
	// Output:
	// lab map[cpus:32 memory:4] <nil>
	// kind-vast map[cpus:2 memory:4] <nil>
	// cpus: there is no value for context "other", only for "lab", "kind-vast"; add one, or write a plain value for all clusters
}

func ExampleChoice_For() {
	claims := []contexts.Claim{{File: "train.yaml", Line: 3, Column: 8, Path: "resources.infra", Context: "lab"}}
	context, err := contexts.Choice{Active: "kind-vast", Known: []string{"kind-vast", "lab"}}.For(claims)
	fmt.Println(context, err)
	// Output: lab <nil>
}
