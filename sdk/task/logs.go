package task

import (
	"context"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/logs"
	"github.com/kubevast/vast/sdk/manifest"
)

// Logs implements sdk.TaskLogger.
func (c *Client) Logs(ctx context.Context, ref string, o api.LogOptions, sink api.LogSink) error {
	job, err := c.resolve(ctx, ref)
	if err != nil {
		return err
	}
	name, namespace := job.Name, job.Namespace
	src := logs.Source{
		Conn: c.conn, Namespace: namespace, Job: name, Container: manifest.Container,
		NumNodes: fromJob(job).NumNodes,
		Status: func(ctx context.Context) (*api.TaskStatus, error) {
			job, err := c.byName(ctx, name)
			if err != nil {
				return nil, err
			}
			return c.status(ctx, job)
		},
	}
	return logs.Read(ctx, src, o, sink)
}
