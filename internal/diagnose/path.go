package diagnose

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/text"
)

// notFoundHint returns the hint for a container whose command was not found: image,
// unless the task overrides the image's PATH.
func notFoundHint(pod *corev1.Pod, container, image string) string {
	c := containerOf(pod, container)
	if c == nil {
		return image
	}
	for _, e := range slices.Backward(c.Env) {
		if e.Name != "PATH" {
			continue
		}
		if e.ValueFrom != nil {
			return "the task overrides the image's PATH (by a reference); does it contain the command's directory?"
		}
		// The kubelet replaces $$ by $.
		path := strings.ReplaceAll(e.Value, "$$", "$")
		hint := fmt.Sprintf("the task overrides the image's PATH with %q; does it contain the command's directory?", text.Short(path, 200))
		if strings.Contains(path, "$") {
			hint += " Variables are not expanded there; extend PATH in the script instead: export PATH=/more:$PATH"
		}
		return hint
	}
	if len(c.EnvFrom) > 0 {
		return image + " Or does envFrom set a PATH without its directory?"
	}
	return image
}

func containerOf(pod *corev1.Pod, name string) *corev1.Container {
	for _, list := range [][]corev1.Container{pod.Spec.Containers, pod.Spec.InitContainers} {
		for i := range list {
			if list[i].Name == name {
				return &list[i]
			}
		}
	}
	return nil
}

// cannotStart returns the hint for a container whose command the runtime could not
// start.
func cannotStart(pod *corev1.Pod, s corev1.ContainerStatus, t *corev1.ContainerStateTerminated) string {
	message := strings.ToLower(t.Message)
	if !strings.Contains(message, "executable file") && !strings.Contains(message, "no such file") {
		return ""
	}
	c := containerOf(pod, s.Name)
	switch {
	case s.Name == kube.ContainerTask || c != nil && len(c.Command) > 0 && c.Command[0] == "sh":
		return notFoundHint(pod, s.Name, "the image must have a shell (sh) to run a task's scripts")
	case c == nil || len(c.Command) == 0:
		return ""
	case strings.HasPrefix(c.Command[0], "/"): // not looked up in PATH
		return "is the command in the image?"
	}
	return notFoundHint(pod, s.Name, "is the command in the image?")
}
