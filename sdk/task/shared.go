package task

import (
	"context"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/queue"
)

// What a Job needs that is made of something else than a task: the same checks,
// with the same words.

// CheckOptions returns InvalidSpec for options that cannot be right, all
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
// ended, or is gone, is left as it is: then it returns false.
func (c *Client) StopJob(ctx context.Context, job *batchv1.Job, user string, o api.StopOptions) (bool, error) {
	stopped := false
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		if s := fromJob(job); s.State.Ended() {
			return nil
		}
		patch, err := stopPatch(job, user, time.Now())
		if err != nil {
			return err
		}
		jobs := c.conn.Kube.BatchV1().Jobs(job.Namespace)
		_, err = jobs.Patch(ctx, job.Name, types.MergePatchType, patch, metav1.PatchOptions{DryRun: dryRun(o.DryRun), FieldManager: o.FieldManager})
		if apierrors.IsConflict(err) {
			again, readErr := jobs.Get(ctx, job.Name, metav1.GetOptions{})
			if readErr != nil {
				return readErr
			}
			job = again
		}
		stopped = err == nil
		return err
	})
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	return stopped, c.conn.Classify(err, "patch", jobsResource)
}
