package volume

import (
	"context"
	"errors"
	"maps"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// usage maps "namespace/claim" to what uses the claim: tasks and "pod/name".
type usage map[string]map[string]bool

func (u usage) of(pvc *corev1.PersistentVolumeClaim) []string {
	return slices.Sorted(maps.Keys(u[pvc.Namespace+"/"+pvc.Name]))
}

func (u usage) add(namespace string, pod *corev1.PodSpec, user string) {
	for i := range pod.Volumes {
		source := pod.Volumes[i].PersistentVolumeClaim
		if source == nil {
			continue
		}
		key := namespace + "/" + source.ClaimName
		if u[key] == nil {
			u[key] = map[string]bool{}
		}
		u[key][user] = true
	}
}

// usage returns what uses the claims of a namespace (empty: of all): unfinished tasks,
// even queued ones without pods, and unfinished pods. It warns about what the caller
// may not read.
func (c *Client) usage(ctx context.Context, namespace string) (usage, error) {
	used, err := c.strictUsage(ctx, namespace)
	if forbidden := (*api.ForbiddenError)(nil); errors.As(err, &forbidden) {
		c.conn.Warn("the users of the volumes are only known in part: " + forbidden.Message)
		return used, nil
	}
	return used, err
}

// strictUsage is usage, but returns an error for what the caller may not read.
func (c *Client) strictUsage(ctx context.Context, namespace string) (usage, error) {
	used := usage{}
	err := eachPage(ctx, metav1.ListOptions{LabelSelector: kube.LabelKind + "=" + kube.KindTask},
		c.conn.Kube.BatchV1().Jobs(namespace).List, func(obj runtime.Object) {
			if job, ok := obj.(*batchv1.Job); ok && !hasEnded(job) {
				used.add(job.Namespace, &job.Spec.Template.Spec, job.Name)
			}
		})
	if err != nil {
		return used, c.conn.Classify(err, "list", "jobs.batch")
	}
	err = eachPage(ctx, metav1.ListOptions{}, c.conn.Kube.CoreV1().Pods(namespace).List, func(obj runtime.Object) {
		pod, ok := obj.(*corev1.Pod)
		if !ok || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
			return
		}
		// The task may have been stopped while its pods still terminate.
		used.add(pod.Namespace, &pod.Spec, userOf(pod))
	})
	return used, c.conn.Classify(err, "list", "pods")
}

// userOf returns the task of a pod, or else the pod.
func userOf(pod *corev1.Pod) string {
	if job := pod.Labels[batchv1.JobNameLabel]; pod.Labels[kube.LabelKind] == kube.KindTask && job != "" {
		return job
	}
	return "pod/" + pod.Name
}

// hasEnded reports whether a task's Job creates no more pods.
func hasEnded(job *batchv1.Job) bool {
	if _, stopped := job.Annotations[kube.AnnotationStoppedBy]; stopped {
		return true
	}
	return slices.ContainsFunc(job.Status.Conditions, func(c batchv1.JobCondition) bool {
		return c.Status == corev1.ConditionTrue && (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed)
	})
}
