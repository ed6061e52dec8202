package task

import (
	"context"
	"errors"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/queue"
)

// What a Job needs that is made of something else than a task: the same checks,
// with the same words.

// CheckOptions returns InvalidSpecError for options that cannot be right, all
// problems at once. It contacts nobody.
func CheckOptions(o api.SubmitOptions) error { return checkOptions(o) }

// Profile returns the security profile that the namespace enforces, empty for
// none. A namespace that is not there, or going, is an error. The answer is
// kept.
func (c *Client) Profile(ctx context.Context) (string, error) { return c.namespaceProfile(ctx) }

// Fits refuses a Job that can never start where it is going to: for lack of the
// namespace's quota, of the queue's, or of any machine that is big enough. Force
// lets those of the queue pass.
func (c *Client) Fits(ctx context.Context, job *batchv1.Job, choice queue.Choice, force bool) error {
	if err := c.fitsQuota(ctx, job); err != nil {
		return err
	}
	return c.fitsQueue(ctx, job, choice, api.SubmitOptions{Force: force})
}

// StopJob ends a Job that is no task's the way Stop ends a task's. One that has
// ended, or is gone, is left as it is.
func (c *Client) StopJob(ctx context.Context, job *batchv1.Job, user string, o api.StopOptions) error {
	_, err := c.stop(ctx, job, user, o)
	if gone := (*api.NotFoundError)(nil); errors.As(err, &gone) {
		return nil
	}
	return err
}
