package variation_test

import (
	"context"
	"fmt"

	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

func ExampleExpand() {
	campaign, err := spec.ParseCampaign("sweep.vast", []byte(`
version: 1
configuration:
- name: drive
  parameters: [{map: hall}]
  variations:
  - ParameterVariationList: {name: speed, values: [1, 2]}
  - Twice: {name: goal}
execution: {image: busybox, runs: 1, command: echo run}
`), spec.Inputs{})
	if err != nil {
		fmt.Println(err)
		return
	}
	types := variation.Default()
	err = types.Register("Twice", func(_ context.Context, in variation.Input) ([]variation.Change, error) {
		name, _ := in.Settings["name"].(string)
		return []variation.Change{{{Name: name, Value: "left"}}, {{Name: name, Value: "right"}}}, nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	configs, err := variation.Expand(context.Background(), campaign, types)
	if err != nil {
		fmt.Println(err)
		return
	}
	for config := range configs.All() {
		fmt.Println(config.Name, config.Parameters)
	}
	// Output:
	// drive-1-1 [{map hall} {speed 1} {goal left}]
	// drive-1-2 [{map hall} {speed 1} {goal right}]
	// drive-2-1 [{map hall} {speed 2} {goal left}]
	// drive-2-2 [{map hall} {speed 2} {goal right}]
}
