package sdk_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// Submit a task to the cluster of the current kubeconfig and print what it
// prints until it has ended.
func Example() {
	ctx := context.Background()

	task, err := sdk.LoadTask(ctx, "hello.yaml", spec.Inputs{})
	if err != nil {
		log.Fatal(err) // every problem of the file, each with its line
	}

	client, err := sdk.New(genericclioptions.NewConfigFlags(true))
	if err != nil {
		log.Fatal(err)
	}
	status, err := client.Tasks().Submit(ctx, task, api.SubmitOptions{RequestID: "example"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("submitted", status.ID)

	// What it waits for is no line of the log: that an image cannot be pulled, or
	// that no node has room.
	notify := func(message string) { fmt.Fprintln(os.Stderr, message) }
	err = client.Tasks().Logs(ctx, status.ID, api.LogOptions{Follow: true, Notify: notify}, func(line api.LogLine) error {
		_, err := os.Stdout.Write(line.Text)
		return err
	})
	if err != nil {
		log.Fatal(err) // *api.TaskFailedError with its diagnosis, when the task failed
	}
}
