// Package logs reads what the nodes of a task print.
package logs

import (
	"context"
	"errors"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/kube"
)

// Source says whose logs are read.
type Source struct {
	Conn *kube.Conn
	// Namespace and Job name the task's Job; Container is the container of
	// its pods that runs the user's commands.
	Namespace, Job, Container string
	// NumNodes is how many nodes the task has; their ranks count from 0.
	NumNodes int
	// Status returns the task as it is now, by an authoritative read.
	Status func(context.Context) (*api.TaskStatus, error)
}

// Read hands every line of the task's nodes to sink.
func Read(ctx context.Context, src Source, o api.LogOptions, sink api.LogSink) error {
	return errors.New("not written yet")
}
