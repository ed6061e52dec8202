package runs

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"strconv"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
)

const (
	// nobody is the user of the pod, as in the other Jobs of the agent.
	nobody = 65534
	// restarts is how often the driver is started again. It is more than any run needs:
	// a driver ends by itself when the run has ended or was deleted.
	restarts = 1_000_000
	// memoryLimit is GOMEMLIMIT of the driver.
	memoryLimit = "64MiB"
)

// needsDriver returns a NotInstalledError if the namespace has no account for drivers.
func (c *Client) needsDriver(ctx context.Context) error {
	_, err := c.conn.Kube.CoreV1().ServiceAccounts(c.conn.Namespace).Get(ctx, kube.DriverName, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return &api.NotInstalledError{
			Message: fmt.Sprintf("namespace %q has no account for the driver of a workflow", c.conn.Namespace),
			Remedies: []api.Remedy{{Action: api.ClusterSetup}, {Options: []string{"LocalDriver"},
				Purpose: "drive the run from here, for as long as this program runs"}}}
	case apierrors.IsForbidden(err): // the Job reports it
		return nil
	}
	return c.conn.Classify(err, "get", "serviceaccounts")
}

// startDriver creates the Job that drives the run, unless it exists.
func (s *submission) startDriver(ctx context.Context, owner types.UID) error {
	if s.options.LocalDriver {
		return nil
	}
	return s.c.createDriver(ctx, s.new, kube.RunDriver(s.new.ID), owner, s.options)
}

// createDriver creates the Job name that drives a run, unless it exists.
func (c *Client) createDriver(ctx context.Context, n record.New, name string, owner types.UID, o api.SubmitOptions) error {
	job, err := c.driver(ctx, n, owner, o)
	if err != nil {
		return err
	}
	job.Name = name
	_, err = c.conn.Kube.BatchV1().Jobs(c.conn.Namespace).Create(ctx, job, metav1.CreateOptions{DryRun: o.DryRun.Param(), FieldManager: o.FieldManager})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return c.conn.Classify(err, "create", jobsResource)
}

// driver returns the Job that drives a run, as the namespace admits it.
func (c *Client) driver(ctx context.Context, n record.New, owner types.UID, o api.SubmitOptions) (*batchv1.Job, error) {
	image, err := agentImage(o)
	if err != nil {
		return nil, err
	}
	job := driverJob(n, owner, image, cmp.Or(o.TTL, api.DefaultTTL))
	return job, c.tasks.MeetBounds(ctx, &job.Spec.Template.Spec.Containers[0])
}

func agentImage(o api.SubmitOptions) (string, error) {
	image := o.AgentImage
	if image == "" {
		image = kube.DefaultAgentImage()
	}
	return image, kube.CheckAgentImage(image)
}

// driverJob returns the Job that drives a run. Its pod is one under the restricted profile,
// and has the store's credentials for the history. With ttl after its end the Job is
// deleted, and the run with it if it is in the history; see driver.Keep.
func driverJob(n record.New, owner types.UID, image string, ttl time.Duration) *batchv1.Job {
	meta := n.Meta(kube.KindDriver, kube.RunDriver(n.ID), owner)
	podLabels := maps.Clone(meta.Labels)
	podLabels[kube.LabelStoreClient] = "true"
	meta.Annotations = map[string]string{kube.AnnotationUser: n.User, kube.AnnotationWorkflow: n.Workflow}
	pod := agentPod(podLabels, image, corev1.RestartPolicyOnFailure, []string{"drive", n.ID}, kube.StoreEnv()...)
	pod.Spec.Volumes, pod.Spec.Containers[0].VolumeMounts = webhookSecrets(n.Webhooks)
	return &batchv1.Job{
		TypeMeta:   metav1.TypeMeta{APIVersion: "batch/v1", Kind: "Job"},
		ObjectMeta: meta,
		Spec: batchv1.JobSpec{
			BackoffLimit:            ptr.To[int32](restarts),
			TTLSecondsAfterFinished: ptr.To(int32(ttl.Seconds())),
			Template:                pod,
		},
	}
}

// agentPod returns the pod of a Job of the agent under the restricted profile, with the
// account of drivers.
func agentPod(labels map[string]string, image string, restart corev1.RestartPolicy, args []string, more ...corev1.EnvVar) corev1.PodTemplateSpec {
	env := append([]corev1.EnvVar{{Name: "GOMEMLIMIT", Value: memoryLimit},
		fieldVar(agentspec.EnvPodName, "metadata.name"), fieldVar(agentspec.EnvPodNamespace, "metadata.namespace")}, more...)
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: labels},
		Spec: corev1.PodSpec{
			RestartPolicy:      restart,
			ServiceAccountName: kube.DriverName,
			EnableServiceLinks: ptr.To(false),
			SecurityContext: &corev1.PodSecurityContext{RunAsNonRoot: ptr.To(true), RunAsUser: ptr.To[int64](nobody), RunAsGroup: ptr.To[int64](nobody),
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}},
			Containers: []corev1.Container{{
				Name: args[0], Image: image, Args: args, Env: env,
				TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
				Resources:                kube.Unpriced(),
				SecurityContext: &corev1.SecurityContext{AllowPrivilegeEscalation: ptr.To(false), ReadOnlyRootFilesystem: ptr.To(true),
					Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}},
			}},
		},
	}
}

func fieldVar(name, path string) corev1.EnvVar {
	return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}}
}

// webhookSecrets gives the driver the secrets of webhooks as files. A Secret that is missing
// keeps the pod from nothing: the driver reports it, and reads the file when there is one.
func webhookSecrets(webhooks []record.Webhook) ([]corev1.Volume, []corev1.VolumeMount) {
	var sources []corev1.VolumeProjection
	for i, w := range webhooks {
		if w.Secret != "" {
			sources = append(sources, corev1.VolumeProjection{Secret: &corev1.SecretProjection{LocalObjectReference: corev1.LocalObjectReference{Name: w.Secret},
				Items: []corev1.KeyToPath{{Key: w.Key, Path: strconv.Itoa(i)}}, Optional: ptr.To(true)}})
		}
	}
	if len(sources) == 0 {
		return nil, nil
	}
	const name = "webhooks"
	return []corev1.Volume{{Name: name, VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: sources}}}},
		[]corev1.VolumeMount{{Name: name, MountPath: agentspec.WebhookDir, ReadOnly: true}}
}
