package manifest

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/kube"
)

// RequireArch restricts a pod to nodes of one of the architectures, in Kubernetes' words. It
// does nothing without any. If there are several, the launcher reports which one the node has.
func RequireArch(pod *corev1.PodSpec, arch []string) {
	if len(arch) == 0 {
		return
	}
	requirement := corev1.NodeSelectorRequirement{Key: corev1.LabelArchStable, Operator: corev1.NodeSelectorOpIn, Values: arch}
	if pod.Affinity == nil {
		pod.Affinity = &corev1.Affinity{}
	}
	if pod.Affinity.NodeAffinity == nil {
		pod.Affinity.NodeAffinity = &corev1.NodeAffinity{}
	}
	node := pod.Affinity.NodeAffinity
	if node.RequiredDuringSchedulingIgnoredDuringExecution == nil || len(node.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms) == 0 {
		node.RequiredDuringSchedulingIgnoredDuringExecution = &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{}}}
	}
	for i := range pod.Containers {
		c := &pod.Containers[i]
		if last := len(c.Command) - 1; len(arch) > 1 && c.Name == kube.ContainerTask && last > 0 && c.Command[last] == "--" {
			c.Command = append(c.Command[:last:last], "--arch", "--")
		}
	}
	// One of the terms has to match, so each of them gets the requirement.
	terms := node.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
	for i := range terms {
		terms[i].MatchExpressions = append(terms[i].MatchExpressions, requirement)
	}
}
