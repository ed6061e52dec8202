package task

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	resourcehelper "k8s.io/component-helpers/resource"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/manifest"
)

// fitsQuota returns an error for a task whose pods exceed the namespace's
// ResourceQuotas: its Job would be created, and then wait for pods that cannot be
// created. It ignores quotas with scopes. A namespace without quotas is read only once.
func (c *Client) fitsQuota(ctx context.Context, job *batchv1.Job) error {
	if c.namespace.unlimited.Load() {
		return nil
	}
	list, err := c.conn.Kube.CoreV1().ResourceQuotas(job.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil && !apierrors.IsForbidden(err) {
		return c.conn.Classify(err, "list", "resourcequotas")
	}
	if err != nil || len(list.Items) == 0 {
		c.namespace.unlimited.Store(true)
		return nil
	}
	needs := podNeeds(job)
	var errs []error
	for _, quota := range list.Items {
		if len(quota.Spec.Scopes) > 0 || quota.Spec.ScopeSelector != nil {
			continue
		}
		for name, need := range needs {
			hard, limited := quota.Status.Hard[name]
			if !limited {
				continue
			}
			used, after := quota.Status.Used[name], need.DeepCopy()
			after.Add(used)
			if after.Cmp(hard) > 0 {
				errs = append(errs, fmt.Errorf("quota %q of namespace %q has no room for it: %s needs %s, %s of %s are used",
					quota.Name, job.Namespace, name, need.String(), used.String(), hard.String()))
			}
		}
	}
	if len(errs) == 0 {
		return nil
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return &api.ForbiddenError{Message: errors.Join(errs...).Error() + "; wait, delete finished tasks, or request more quota"}
}

// podNeeds returns the requests and limits of all pods of a Job, by the names that
// quotas use.
func podNeeds(job *batchv1.Job) map[corev1.ResourceName]resource.Quantity {
	pods := int64(ptr.Deref(job.Spec.Parallelism, 1))
	needs := map[corev1.ResourceName]resource.Quantity{
		corev1.ResourcePods: *resource.NewQuantity(pods, resource.DecimalSI),
		"count/pods":        *resource.NewQuantity(pods, resource.DecimalSI),
		"count/jobs.batch":  *resource.NewQuantity(1, resource.DecimalSI),
	}
	add := func(name corev1.ResourceName, q resource.Quantity) {
		sum := needs[name]
		for range pods {
			sum.Add(q)
		}
		needs[name] = sum
	}
	pod := &corev1.Pod{Spec: job.Spec.Template.Spec} // with sidecars and init containers, as quotas count it
	for name, q := range resourcehelper.PodRequests(pod, resourcehelper.PodResourcesOptions{}) {
		add("requests."+name, q)
		if name == corev1.ResourceCPU || name == corev1.ResourceMemory {
			add(name, q)
		}
	}
	for name, q := range resourcehelper.PodLimits(pod, resourcehelper.PodResourcesOptions{}) {
		add("limits."+name, q)
	}
	return needs
}

// keepRanges is how long a namespace's LimitRanges are cached.
const keepRanges = time.Minute

// MeetLimitRanges sets the resources of our own containers in a Job's pods that the
// namespace's LimitRanges require, and returns a warning if that increases the pod's
// requests. It does nothing if the caller may not read LimitRanges, which are cached.
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
