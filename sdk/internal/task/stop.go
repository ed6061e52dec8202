package task

import (
	"context"
	"encoding/json"
	"time"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/util/retry"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// Stop implements sdk.Task. How a Job is stopped depends on whether it is
// suspended; if that changes between the read and the patch, it reads the Job again.
func (c *Client) Stop(ctx context.Context, ref string, o api.TaskStopOptions) (*api.TaskStatus, error) {
	if err := o.DryRun.Check(); err != nil {
		return nil, err
	}
	job, err := c.resolveFor(ctx, ref, "patch")
	if err != nil {
		return nil, err
	}
	user, err := c.conn.User(ctx)
	if err != nil {
		return nil, err
	}
	return c.stop(ctx, job, user, o)
}

// stop stops a Job. It does nothing for one that has finished.
func (c *Client) stop(ctx context.Context, job *batchv1.Job, user string, o api.TaskStopOptions) (*api.TaskStatus, error) {
	var status *api.TaskStatus
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		if s := fromJob(job); s.State.Ended() {
			status = &s
			return nil
		}
		patch, err := kube.StopPatch(job, user, time.Now())
		if err != nil {
			return err
		}
		if !o.DryRun.Sends() {
			status, err = patched(job, patch)
			return err
		}
		status, err = c.patch(ctx, job, patch, metav1.PatchOptions{DryRun: o.DryRun.Param(), FieldManager: o.FieldManager})
		if apierrors.IsConflict(err) {
			again, readErr := c.byName(ctx, job.Name)
			if readErr != nil {
				return readErr
			}
			if again.UID != job.UID {
				return c.notFound(job.Name) // the name belongs to another task now
			}
			job = again
		}
		return err
	})
	return status, err
}

func (c *Client) patch(ctx context.Context, job *batchv1.Job, patch []byte, o metav1.PatchOptions) (*api.TaskStatus, error) {
	changed, err := c.conn.Kube.BatchV1().Jobs(job.Namespace).Patch(ctx, job.Name, types.MergePatchType, patch, o)
	if apierrors.IsNotFound(err) {
		return nil, c.notFound(job.Name)
	}
	if err != nil {
		return nil, c.conn.Classify(err, "patch", jobsResource)
	}
	s := fromJob(changed)
	return &s, nil
}

// patched returns the status that a Job would have after a patch.
func patched(job *batchv1.Job, patch []byte) (*api.TaskStatus, error) {
	before, err := json.Marshal(job)
	if err != nil {
		return nil, err
	}
	after, err := jsonpatch.MergePatch(before, patch)
	if err != nil {
		return nil, err
	}
	changed := &batchv1.Job{}
	if err := json.Unmarshal(after, changed); err != nil {
		return nil, err
	}
	s := fromJob(changed)
	return &s, nil
}

// Delete implements sdk.Task. What the Job owns is deleted with it: with Wait
// before the Job (foreground deletion), otherwise after it (background deletion).
func (c *Client) Delete(ctx context.Context, ref string, o api.TaskDeleteOptions) (*api.TaskStatus, error) {
	if err := o.DryRun.Check(); err != nil {
		return nil, err
	}
	job, err := c.resolveFor(ctx, ref, "delete")
	if err != nil {
		return nil, err
	}
	s := fromJob(job)
	if !o.DryRun.Sends() {
		return &s, nil
	}
	propagation := metav1.DeletePropagationBackground
	if o.Wait {
		propagation = metav1.DeletePropagationForeground
	}
	err = c.conn.Kube.BatchV1().Jobs(job.Namespace).Delete(ctx, job.Name,
		access.Exactly(job.UID, metav1.DeleteOptions{PropagationPolicy: &propagation, DryRun: o.DryRun.Param()}))
	if err := c.conn.Deleted(err, jobsResource, job.Name); err != nil {
		return nil, err
	}
	if o.Wait && o.DryRun.Keeps() {
		err = c.awaitGone(ctx, job)
	} else {
		err = nil
	}
	return &s, err
}

// awaitGone waits until the Job and its pods are gone. A terminating pod can outlive its
// owner.
func (c *Client) awaitGone(ctx context.Context, job *batchv1.Job) error {
	return wait.PollUntilContextCancel(ctx, 500*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		have, err := c.conn.Kube.BatchV1().Jobs(job.Namespace).Get(ctx, job.Name, metav1.GetOptions{})
		if err == nil && have.UID == job.UID {
			return false, nil
		}
		if err != nil && !apierrors.IsNotFound(err) {
			return false, c.conn.Classify(err, "get", jobsResource)
		}
		left := false
		err = c.eachPod(ctx, job.Namespace, metav1.ListOptions{LabelSelector: selector(jobSet(job.Name))},
			func(*corev1.Pod) { left = true })
		return !left, err
	})
}
