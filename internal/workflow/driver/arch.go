package driver

import (
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/kube"
)

// archOf returns the architectures that the nodes of a Job are restricted to, nil for any.
func archOf(job *batchv1.Job) []string {
	affinity := job.Spec.Template.Spec.Affinity
	if affinity == nil || affinity.NodeAffinity == nil || affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return nil
	}
	for _, term := range affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
		for _, e := range term.MatchExpressions {
			if e.Key == corev1.LabelArchStable && e.Operator == corev1.NodeSelectorOpIn {
				return e.Values
			}
		}
	}
	return nil
}

// machines are the names of the kernel (uname -m) for architectures, in Kubernetes' words.
var machines = map[string]string{
	"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64", "armv6l": "arm", "armv7l": "arm", "armv8l": "arm",
	"ppc64le": "ppc64le", "riscv64": "riscv64", "s390x": "s390x",
}

// reportedArch returns the architecture that the launcher of a task has reported, if it is one
// of those that the task may run on. The account of drivers may not read nodes, which do not
// belong to a namespace.
func reportedArch(pods []corev1.Pod, allowed []string) string {
	var all []string
	for i := range pods {
		for _, s := range pods[i].Status.ContainerStatuses {
			if s.Name != kube.ContainerTask || s.State.Terminated == nil {
				continue
			}
			for _, word := range strings.Fields(s.State.Terminated.Message) {
				machine, is := strings.CutPrefix(word, kube.ArchMark)
				if arch := machines[machine]; is && slices.Contains(allowed, arch) && !slices.Contains(all, arch) {
					all = append(all, arch)
				}
			}
		}
	}
	slices.Sort(all)
	return strings.Join(all, ",")
}
