package task

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/logs"
	"github.com/kubevast/vast/sdk/internal/manifest"
)

// Logs implements sdk.Task. The logs of deleted pods, and all logs if the Job is
// gone, come from the store.
func (c *Client) Logs(ctx context.Context, ref string, o api.LogOptions, sink api.LogSink) error {
	job, err := c.resolve(ctx, ref)
	if isNotFound(err) && (ref == kube.Latest || maybeKept(ref)) {
		return c.keptLogs(ctx, c.wholeRun(ctx, ref), o, sink, err)
	}
	if err != nil {
		return err
	}
	if err := hasContainer(job, o.Container); err != nil {
		return err
	}
	if o.Notify == nil && c.conn.HasWarn() {
		o.Notify = func(message string) { c.conn.Warn(message) }
	}
	name, s := job.Name, fromJob(job)
	src := logs.Source{
		Conn: c.conn, Namespace: job.Namespace, Job: name, Container: cmp.Or(o.Container, manifest.Container), NumNodes: s.NumNodes,
		Status: func(ctx context.Context) (*api.TaskStatus, error) {
			job, err := c.byName(ctx, name)
			if err != nil {
				return nil, err
			}
			return c.status(ctx, job)
		},
	}
	if s.Kept != "" {
		src.Kept = func(ctx context.Context, o api.LogOptions, sink api.LogSink) error {
			return c.results.Logs(ctx, keptRef(job), o, sink)
		}
	}
	return logs.Read(ctx, src, o, sink)
}

// hasContainer returns an error if a Job's pods have no container of that name.
func hasContainer(job *batchv1.Job, name string) error {
	if name == "" {
		return nil
	}
	var names []string
	pod := &job.Spec.Template.Spec
	for _, c := range slices.Concat(pod.Containers, pod.InitContainers) {
		names = append(names, c.Name)
	}
	if slices.Contains(names, name) {
		return nil
	}
	return api.InvalidOption("Container", "there is no container %q: its pods have %s", name, strings.Join(names, ", "))
}

// keptLogs reads the logs of a task whose Job is gone. missing is the error if the store
// has none.
func (c *Client) keptLogs(ctx context.Context, ref string, o api.LogOptions, sink api.LogSink, missing error) error {
	if err := c.results.Logs(ctx, ref, o, sink); err != nil {
		return c.orMissing(err, missing)
	}
	if !o.Follow {
		return nil
	}
	s, err := c.results.Task(ctx, ref)
	if err != nil || s.State == api.Succeeded {
		return err
	}
	return &api.TaskFailedError{Task: s}
}

// keptTask returns a task whose Job is gone from the store. missing is the error if the
// store does not have it.
func (c *Client) keptTask(ctx context.Context, ref string, missing error) (*api.TaskStatus, error) {
	s, err := c.results.Task(ctx, ref)
	return s, c.orMissing(err, missing)
}

// orMissing returns the error for a task that neither the cluster nor the store has. It
// returns missing if the store does not have the task, or may not be read.
func (c *Client) orMissing(err, missing error) error {
	switch {
	case isNotFound(err), errors.As(err, new(*api.NotInstalledError)), errors.As(err, new(*api.ForbiddenError)):
		return missing
	case errors.As(err, new(*api.UnavailableError)):
		c.conn.Warn("the store, which has the tasks whose Jobs are gone, cannot be read: " + err.Error())
		return missing
	}
	return err
}
