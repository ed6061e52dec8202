package task

import (
	"context"
	"errors"
	"fmt"

	"github.com/kubevast/vast/internal/portforward"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/inputs"
	"github.com/kubevast/vast/sdk/spec"
)

// bringsFiles reports a task that has a workdir or file mounts.
func bringsFiles(t *spec.Task) bool { return t.Workdir != nil || len(t.FileMounts) > 0 }

// plan reads what the task brings along; nil when that is nothing.
func (c *Client) plan(ctx context.Context, t *spec.Task, o api.SubmitOptions) (*inputs.Plan, error) {
	if !bringsFiles(t) {
		return nil, nil
	}
	return inputs.New(ctx, t, inputs.Options{Dir: o.Dir, Notify: o.Notify})
}

// upload sends the files that are too much to go with the task itself. What
// the store has already is not sent again.
func (c *Client) upload(ctx context.Context, files *inputs.Plan, o api.SubmitOptions) error {
	if files == nil || !files.NeedsStore() {
		return nil
	}
	s, err := portforward.Open(ctx, c.conn)
	if missing := (*api.NotInstalledError)(nil); errors.As(err, &missing) {
		return &api.NotInstalledError{Message: fmt.Sprintf("the task's files (%s) are too much to go with it, and %s", files.Describe(), missing.Message)}
	}
	if err != nil {
		return err
	}
	defer s.Close()
	if !o.DryRun.Keeps() {
		return nil
	}
	return files.Upload(ctx, s, o.Notify)
}
