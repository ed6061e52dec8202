package task

import (
	"context"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/sdk/internal/manifest"
)

// keepRanges is how long a namespace's LimitRanges are taken to be the same.
const keepRanges = time.Minute

// MeetLimitRanges lets our own containers in a Job's pods ask for what the
// namespace's LimitRanges want of every container, and returns a warning where that
// has a price. Who may not see what they want leaves the Job as it is. The answer
// of the API server is kept for a while.
func (c *Client) MeetLimitRanges(ctx context.Context, job *batchv1.Job) (warning string, err error) {
	if !manifest.HasOurs(job) {
		return "", nil
	}
	ranges, err := c.limitRanges(ctx)
	if err != nil {
		return "", err
	}
	return manifest.MeetLimitRanges(job, ranges), nil
}

// MeetBounds is MeetLimitRanges for a container of ours in a pod of its own.
func (c *Client) MeetBounds(ctx context.Context, container *corev1.Container) error {
	ranges, err := c.limitRanges(ctx)
	if err == nil {
		manifest.MeetBounds(container, ranges)
	}
	return err
}

func (c *Client) limitRanges(ctx context.Context) ([]corev1.LimitRange, error) {
	return c.ranges.Get(c.conn.Namespace, func() ([]corev1.LimitRange, error) {
		list, err := c.conn.Kube.CoreV1().LimitRanges(c.conn.Namespace).List(ctx, metav1.ListOptions{})
		if apierrors.IsForbidden(err) {
			return nil, nil
		}
		if err != nil {
			return nil, c.conn.Classify(err, "list", "limitranges")
		}
		return list.Items, nil
	})
}
