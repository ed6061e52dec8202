package spec_test

import (
	"fmt"
	"os"

	"github.com/kubevast/vast/sdk/spec"
)

func ExampleParseWorkflow() {
	const file = "../../examples/workflow.yaml"
	data, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	w, err := spec.ParseWorkflow(file, data, spec.Inputs{Envs: map[string]string{"STAGE": "prod"}})
	if err != nil {
		panic(err)
	}
	for _, t := range w.Tasks {
		fmt.Print(t.Graph.Name)
		for _, d := range t.Graph.Depends {
			fmt.Printf(" %s(%s)", d.Task, d.Conditions)
		}
		fmt.Println()
	}
	// Output:
	// prepare
	// train-small prepare(on_success)
	// train-large prepare(on_success)
	// alert train-small(on_failure) train-large(on_failure)
	// deploy train-small(on_success) train-large(on_success)
	// report alert(always)
}
