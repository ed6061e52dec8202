package task

import (
	"context"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/sdk/api"
)

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
