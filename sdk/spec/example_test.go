package spec_test

import (
	"fmt"

	"github.com/kubevast/vast/sdk/spec"
)

func ExampleParse() {
	file, err := spec.Parse("train.yaml", []byte(`
name: train
num_nodes: 2
resources: {cpus: 4+, memory: 16}
envs: {EPOCHS: null}
run: python train.py --epochs $EPOCHS
`), spec.Inputs{Envs: map[string]string{"EPOCHS": "10"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, task := range file.Tasks {
		r := task.Resources[0]
		fmt.Println(task.Name, task.NumNodes, "nodes", r.CPUs.Quantity.String(), "CPUs", r.Memory.Quantity.String(), task.Envs)
	}
	// Output: train 2 nodes 4 CPUs 16Gi [{EPOCHS 10}]
}

func ExampleParse_problems() {
	_, err := spec.Parse("train.yaml", []byte("nmae: train\nnum_nodes: 0\nrun: python train.py\n"), spec.Inputs{})
	fmt.Println(err)
	// Output:
	// train.yaml:1:1: nmae: unknown field; did you mean "name"?
	// train.yaml:2:12: num_nodes: must be a whole number, from 1 to 10000, not 0
}

func ExampleParseCampaign() {
	campaign, err := spec.ParseCampaign("sweep.vast", []byte(`
version: 1
configuration: [{name: fast, parameters: [{speed: 2}]}]
execution: {image: busybox, runs: 3, command: echo run}
`), spec.Inputs{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(campaign.Configurations[0].Name, campaign.Configurations[0].Parameters, campaign.Execution.Runs, "runs each")
	// Output: fast [{speed 2}] 3 runs each
}
