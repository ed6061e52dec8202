package diagnose

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/hint"
	"github.com/kubevast/vast/sdk/api"
)

// disruption returns the condition by which Kubernetes says that it took the
// pod away, or nil.
func disruption(pod *corev1.Pod) *corev1.PodCondition {
	i := slices.IndexFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.DisruptionTarget && c.Status == corev1.ConditionTrue
	})
	if i < 0 {
		return nil
	}
	return &pod.Status.Conditions[i]
}

// evicted explains a pod that Kubernetes ended, or returns nil.
func evicted(say hint.Target, pod *corev1.Pod) *api.Diagnosis {
	if pod.Status.Reason == "Evicted" {
		return &api.Diagnosis{Cause: api.CauseEvicted, Message: "was evicted: " + strings.TrimSuffix(oneLine(pod.Status.Message), "."),
			Hint: evictionHint(pod.Status.Message)}
	}
	c := disruption(pod)
	if c == nil {
		return nil
	}
	switch c.Reason {
	case "DeletionByTaintManager", "DeletionByPodGC":
		return &api.Diagnosis{Cause: api.CauseNodeLost, Hint: "submit the task again; " + checkMachine(say),
			Message: fmt.Sprintf("lost its machine %s: it does not answer", pod.Spec.NodeName)}
	case corev1.PodReasonPreemptionByScheduler:
		return &api.Diagnosis{Cause: api.CauseEvicted, Message: "was preempted by a pod of higher priority",
			Hint: "submit it again, with a higher priority"}
	default:
		return &api.Diagnosis{Cause: api.CauseEvicted, Message: "was evicted: " + strings.TrimSuffix(oneLine(c.Message), "."),
			Hint: "a node drain does that; submit the task again"}
	}
}

func checkMachine(say hint.Target) string {
	return "check the machine with: " + say.Cluster().Kubectl("get", "nodes")
}

func evictionHint(message string) string {
	switch {
	case strings.Contains(message, "ephemeral"), strings.Contains(message, "emptyDir"), strings.Contains(message, "EmptyDir"):
		return "it wrote more to disk than it may; use a volume, or ask for more with resources.ephemeral_storage"
	case strings.Contains(message, "memory"):
		return "the machine was short of memory; ask for what the task needs with resources.memory"
	}
	return ""
}

// lostNode explains a pod that runs on a machine that does not answer. The
// node controller marks such a pod as not ready while its containers, as far
// as was last heard, are.
func lostNode(say hint.Target, pods []corev1.Pod) *api.Diagnosis {
	for i := range pods {
		if !OnLostNode(&pods[i]) {
			continue
		}
		return ofNode(&pods[i], " ", &api.Diagnosis{Cause: api.CauseNodeLost,
			Message: fmt.Sprintf("lost its machine %s: it does not answer", pods[i].Spec.NodeName),
			Hint:    checkMachine(say) + "; Kubernetes ends the task unless it comes back"})
	}
	return nil
}

// OnLostNode reports whether the machine of a running pod does not answer.
func OnLostNode(pod *corev1.Pod) bool {
	if c := disruption(pod); c != nil && c.Reason == "DeletionByTaintManager" {
		return true
	}
	if pod.Status.Phase != corev1.PodRunning {
		return false
	}
	ready, containers := false, false
	for _, c := range pod.Status.Conditions {
		switch c.Type {
		case corev1.PodReady:
			ready = c.Status == corev1.ConditionTrue
		case corev1.ContainersReady:
			containers = c.Status == corev1.ConditionTrue
		}
	}
	return containers && !ready && len(pod.Spec.ReadinessGates) == 0
}
