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

// setup sets up the namespace.
var setup = api.Remedy{Action: api.ClusterSetup}

// unqueued is what a missing queue means for tasks.
const unqueued = "tasks are not queued"

// kueuePods shows whether Kueue runs.
var kueuePods = api.Remedy{Action: api.KubectlAction("get pods"), Namespace: "kueue-system"}

// kueue checks its API, its version and its webhook.
func (c *Client) kueue(ctx context.Context, o api.DoctorOptions) []api.Check {
	_, err := c.queues.Choose(ctx, c.conn.Namespace, "doctor-has-no-queue")
	var absent *api.NotInstalledError
	var unavailable *api.UnavailableError
	switch {
	case errors.As(err, &absent):
		return []api.Check{warning("kueue", "the cluster has no Kueue", unqueued, setup), skipped("kueue version", "there is no Kueue"), skipped("kueue webhook", "there is no Kueue")}
	case errors.As(err, &unavailable):
		return one(warning("kueue", err.Error(), "try again", api.Remedies(err)...))
	}
	return []api.Check{ok("kueue", "its API is served as v1beta2"), c.kueueVersion(ctx), c.kueueWebhook(ctx, o)}
}

func (c *Client) kueueVersion(ctx context.Context) api.Check {
	const name = "kueue version"
	s, err := c.cluster.Kueue(ctx)
	switch {
	case err != nil:
		return skippedBy(name, err)
	case s.State == api.ReadyStateUnknown:
		return skipped(name, "unknown: "+s.Reason)
	case s.Reason != "" && s.Version == "":
		return skipped(name, s.Reason)
	case s.Reason != "":
		return warning(name, "Kueue "+s.Version+": "+s.Reason, "queued tasks do not start until that is fixed")
	case s.Version == "":
		return ok(name, "its image names no version, but its API is new enough")
	}
	return ok(name, fmt.Sprintf("Kueue %s in namespace %s", s.Version, s.Namespace))
}

// kueueWebhook creates a Job with a queue as a dry run, which Kueue's webhook suspends.
// Without the webhook a task would run unqueued, or no Job could be created.
func (c *Client) kueueWebhook(ctx context.Context, _ api.DoctorOptions) api.Check {
	const name = "kueue webhook"
	meta := metav1.ObjectMeta{GenerateName: "vast-doctor-", Labels: map[string]string{kube.LabelQueue: kube.LocalQueueName}}
	job := &batchv1.Job{ObjectMeta: meta, Spec: batchv1.JobSpec{Suspend: ptr.To(false), Template: corev1.PodTemplateSpec{
		Spec: tame(corev1.Container{Name: "none", Image: "none"})}}}
	made, err := c.conn.Kube.BatchV1().Jobs(c.conn.Namespace).Create(access.Quietly(access.Briefly(ctx)), job, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	switch {
	case apierrors.IsForbidden(err), apierrors.IsNotFound(err):
		return skipped(name, "no Job could be created as a dry run: "+c.conn.Classify(err, "create", "jobs.batch").Error())
	case err != nil:
		return failed(name, "a Job with a queue is refused: "+c.conn.Classify(err, "create", "jobs.batch").Error(),
			"Kueue has to run", kueuePods)
	case !ptr.Deref(made.Spec.Suspend, false):
		return warning(name, "a Job with a queue is not held back", "tasks would start without waiting for their turn; Kueue has to run", kueuePods)
	}
	return ok(name, "it holds back Jobs that have a queue")
}
