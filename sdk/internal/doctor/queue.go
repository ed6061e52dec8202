package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// queue checks that the namespace's queues are active and have a quota.
func (c *Client) queue(ctx context.Context, _ api.DoctorOptions) []api.Check {
	list, err := c.queues.List(ctx, api.QueueListOptions{})
	var absent *api.NotInstalledError
	switch {
	case errors.As(err, &absent):
		return one(skipped("queue", "there is no Kueue"))
	case err != nil:
		return one(skippedBy("queue", err))
	case len(list.Items) == 0:
		return one(warning("queue", fmt.Sprintf("namespace %q has no queue", c.conn.Namespace), unqueued, setup))
	}
	checks := make([]api.Check, len(list.Items))
	for i := range list.Items {
		checks[i] = queueCheck(&list.Items[i])
	}
	return checks
}

func queueCheck(q *api.QueueStatus) api.Check {
	name := "queue " + q.Name
	counts := fmt.Sprintf("%d wait, %d run", q.Pending, q.Admitted)
	switch q.State {
	case api.QueueHeld:
		return warning(name, "held: "+q.Reason+"; "+counts, "nothing in it starts", api.Remedy{Action: api.QueuesResume, Ref: q.Name, Purpose: "resume it"})
	case api.QueueInactive:
		if q.Name == kube.LocalQueueName {
			return warning(name, "it is inactive: "+q.Reason, "tasks in it wait indefinitely", setup)
		}
		return warning(name, "it is inactive: "+q.Reason, "tasks in it wait indefinitely; ask the administrator of ClusterQueue "+q.ClusterQueue)
	}
	if len(q.Resources) > 0 && !gives(q.Resources) {
		return warning(name, "its quota is 0", "no task that requests CPU or memory can start", api.Remedy{Action: api.ClusterResizeRun, Purpose: "measure again"})
	}
	return ok(name, "active, "+counts+quotas(q.Resources))
}

// gives reports whether a quota is more than 0.
func gives(resources []api.QueueResource) bool {
	for _, r := range resources {
		if q, err := resource.ParseQuantity(r.Quota); err != nil || !q.IsZero() {
			return true
		}
	}
	return false
}

func quotas(resources []api.QueueResource) string {
	parts := make([]string, 0, len(resources))
	for _, r := range resources {
		parts = append(parts, fmt.Sprintf("%s of %s %s", r.Used, r.Quota, r.Resource))
	}
	if len(parts) == 0 {
		return ""
	}
	return "; used: " + strings.Join(parts, ", ")
}

// quota checks that no ResourceQuota of the namespace is used up.
func (c *Client) quota(ctx context.Context, _ api.DoctorOptions) []api.Check {
	const name = "quota"
	list, err := c.conn.Kube.CoreV1().ResourceQuotas(c.conn.Namespace).List(ctx, metav1.ListOptions{})
	switch {
	case apierrors.IsForbidden(err):
		return one(skipped(name, "you may not list resourcequotas"))
	case err != nil:
		return one(warning(name, c.conn.Classify(err, "list", "resourcequotas").Error(), "try again"))
	case len(list.Items) == 0:
		return one(ok(name, "the namespace has no ResourceQuota"))
	}
	var full []string
	for _, q := range list.Items {
		full = append(full, usedUp(&q)...)
	}
	if len(full) > 0 {
		return one(warning(name, "used up: "+strings.Join(full, ", "), "tasks that need it are refused; wait, delete ended tasks, or request more quota"))
	}
	return one(ok(name, fmt.Sprintf("%d ResourceQuota, none is used up", len(list.Items))))
}

func usedUp(q *corev1.ResourceQuota) []string {
	var full []string
	for name, hard := range q.Status.Hard {
		if used := q.Status.Used[name]; used.Cmp(hard) >= 0 {
			full = append(full, fmt.Sprintf("%s %s of %s", name, used.String(), hard.String()))
		}
	}
	return full
}
