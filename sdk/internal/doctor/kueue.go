package doctor

import (
	"context"
	"errors"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// setup is the command line that sets up the namespace.
func (c *Client) setup(flags ...string) string {
	return c.conn.Hint().Vast(append([]string{"cluster", "setup"}, flags...)...)
}

func (c *Client) unqueued() string {
	return "tasks join no queue; for queues run: " + c.setup()
}

func (c *Client) lookAtKueue() string {
	return "see that Kueue runs: " + c.conn.Hint().In("kueue-system").Kubectl("get", "pods")
}

// kueue: its API, its version, and its webhook.
func (c *Client) kueue(ctx context.Context, o api.DoctorOptions) []api.Check {
	_, err := c.queues.Choose(ctx, c.conn.Namespace, "doctor-asks-for-no-queue")
	var absent *api.NotInstalledError
	var unavailable *api.UnavailableError
	switch {
	case errors.As(err, &absent):
		return []api.Check{warning("kueue", "the cluster has no Kueue", c.unqueued()), skipped("kueue version", "there is no Kueue"), skipped("kueue webhook", "there is no Kueue")}
	case errors.As(err, &unavailable):
		return one(warning("kueue", err.Error(), "try again"))
	}
	return []api.Check{ok("kueue", "its API is served as v1beta2"), c.kueueVersion(ctx), c.kueueWebhook(ctx, o)}
}

func (c *Client) kueueVersion(ctx context.Context) api.Check {
	const name = "kueue version"
	s, err := c.cluster.Kueue(ctx)
	switch {
	case err != nil:
		return skipped(name, err.Error())
	case s.State == api.ReadyStateUnknown:
		return skipped(name, "unknown: "+s.Reason)
	case s.Reason != "" && s.Version == "":
		return skipped(name, s.Reason)
	case s.Reason != "":
		return warning(name, "Kueue "+s.Version+": "+s.Reason, "queued tasks do not start until that is fixed")
	case s.Version == "":
		return ok(name, "its image does not say which, but its API is new enough")
	}
	return ok(name, fmt.Sprintf("Kueue %s in namespace %s", s.Version, s.Namespace))
}

// kueueWebhook has the API server check a Job with a queue and keep nothing:
// Kueue's webhook is what suspends it. Without it a task would run unqueued, or
// no Job could be made at all.
func (c *Client) kueueWebhook(ctx context.Context, _ api.DoctorOptions) api.Check {
	const name = "kueue webhook"
	meta := metav1.ObjectMeta{GenerateName: "vast-doctor-", Labels: map[string]string{kube.LabelQueue: kube.LocalQueueName}}
	job := &batchv1.Job{ObjectMeta: meta, Spec: batchv1.JobSpec{Suspend: ptr.To(false), Template: corev1.PodTemplateSpec{
		Spec: tame(corev1.Container{Name: "none", Image: "none"})}}}
	made, err := c.conn.Kube.BatchV1().Jobs(c.conn.Namespace).Create(access.Quietly(access.Briefly(ctx)), job, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	switch {
	case apierrors.IsForbidden(err), apierrors.IsNotFound(err):
		return skipped(name, "no Job could be tried: "+c.conn.Classify(err, "create", "jobs.batch").Error())
	case err != nil:
		return failed(name, "a Job with a queue is refused: "+c.conn.Classify(err, "create", "jobs.batch").Error(),
			c.lookAtKueue())
	case !ptr.Deref(made.Spec.Suspend, false):
		return warning(name, "a Job with a queue is not held back", "tasks would start without waiting for their turn; "+c.lookAtKueue())
	}
	return ok(name, "it holds back Jobs that have a queue")
}
