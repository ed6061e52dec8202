package diagnose

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
)

// Saving reports whether a pod's main containers have all terminated while its
// sidecar still uploads results. Kubernetes reports such a pod as Running and not
// ready, or even Succeeded, and counts it neither as ready nor as succeeded.
func Saving(pod *corev1.Pod) bool {
	if !isSidecar(pod, kube.ContainerKeep) || len(pod.Status.ContainerStatuses) < len(pod.Spec.Containers) {
		return false
	}
	saves := pod.Status.Phase == corev1.PodRunning || slices.ContainsFunc(pod.Status.InitContainerStatuses, func(s corev1.ContainerStatus) bool {
		return s.Name == kube.ContainerKeep && s.State.Running != nil
	})
	return saves && !slices.ContainsFunc(pod.Status.ContainerStatuses, func(s corev1.ContainerStatus) bool { return s.State.Terminated == nil })
}

// Ran returns when the user's container of a pod started and terminated; nil if it
// has not. The time before and after (the queue, the image pull, the download of
// inputs, the upload of results) does not count.
func Ran(pod *corev1.Pod) (started, ended *metav1.Time) {
	for i := range pod.Status.ContainerStatuses {
		s := &pod.Status.ContainerStatuses[i]
		switch {
		case s.Name != kube.ContainerTask:
		case s.State.Terminated != nil:
			return known(&s.State.Terminated.StartedAt), known(&s.State.Terminated.FinishedAt)
		case s.State.Running != nil:
			return known(&s.State.Running.StartedAt), nil
		}
	}
	return nil, nil
}

// known returns t, or nil for the Unix epoch, which is the start time of a container
// that could not be started.
func known(t *metav1.Time) *metav1.Time {
	if t.Unix() <= 0 {
		return nil
	}
	return t
}
