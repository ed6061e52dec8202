package diagnose

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
)

// Saving reports a pod whose main containers have all ended while its sidecar
// saves what they have left. Kubernetes calls such a pod Running and not ready,
// or even Succeeded, and its Job neither ready nor succeeded.
func Saving(pod *corev1.Pod) bool {
	if !isSidecar(pod, kube.ContainerKeep) || len(pod.Status.ContainerStatuses) < len(pod.Spec.Containers) {
		return false
	}
	saves := pod.Status.Phase == corev1.PodRunning || slices.ContainsFunc(pod.Status.InitContainerStatuses, func(s corev1.ContainerStatus) bool {
		return s.Name == kube.ContainerKeep && s.State.Running != nil
	})
	return saves && !slices.ContainsFunc(pod.Status.ContainerStatuses, func(s corev1.ContainerStatus) bool { return s.State.Terminated == nil })
}

// Ran is when the user's container of a pod has started and ended; nil where it
// has not. What was before and after it (the queue, the pull of the image, the
// files that are brought, the results that are saved) is not part of that.
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

// known is a time that was told: a container that could not be started has
// ended, and has the beginning of 1970 for a start.
func known(t *metav1.Time) *metav1.Time {
	if t.Unix() <= 0 {
		return nil
	}
	return t
}
