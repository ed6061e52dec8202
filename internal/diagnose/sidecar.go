package diagnose

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/kube"
)

// Sidecars describes the user's sidecars that terminated before the task and were
// restarted; empty for none. Kubernetes does not fail a pod for that.
func Sidecars(pod *corev1.Pod) string {
	var all []string
	for _, s := range pod.Status.InitContainerStatuses {
		if s.RestartCount == 0 || s.Name == kube.ContainerKeep || !isSidecar(pod, s.Name) {
			continue
		}
		times := "once"
		if s.RestartCount > 1 {
			times = fmt.Sprintf("%d times", s.RestartCount)
		}
		words := fmt.Sprintf("container %s ended and was started again %s", s.Name, times)
		if t := s.LastTerminationState.Terminated; t != nil {
			words += ", it had " + codeWords(t.ExitCode)
		}
		all = append(all, words)
	}
	return strings.Join(all, "; ")
}

// isSidecar reports whether name is that of a native sidecar.
func isSidecar(pod *corev1.Pod, name string) bool {
	return slices.ContainsFunc(pod.Spec.InitContainers, func(c corev1.Container) bool { return c.Name == name && kube.IsSidecar(&c) })
}
