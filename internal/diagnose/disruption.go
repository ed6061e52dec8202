package diagnose

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/sdk/api"
)

// disruption returns the condition with which Kubernetes reports that it terminated
// the pod, or nil.
func disruption(pod *corev1.Pod) *corev1.PodCondition {
	i := slices.IndexFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.DisruptionTarget && c.Status == corev1.ConditionTrue
	})
	if i < 0 {
		return nil
	}
	return &pod.Status.Conditions[i]
}

// evicted explains a pod that Kubernetes terminated, or returns nil.
func evicted(pod *corev1.Pod) *api.Diagnosis {
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
		return &api.Diagnosis{Cause: api.CauseNodeLost, Hint: "submit the task again; " + checkNode, Remedies: seeNodes,
			Message: fmt.Sprintf("lost its machine %s: it does not answer", pod.Spec.NodeName)}
	case corev1.PodReasonPreemptionByScheduler:
		return &api.Diagnosis{Cause: api.CauseEvicted, Message: "was preempted by a pod of higher priority",
			Hint: "submit it again, with a higher priority"}
	default:
		return &api.Diagnosis{Cause: api.CauseEvicted, Message: "was evicted: " + strings.TrimSuffix(oneLine(c.Message), "."),
			Hint: "the node was drained; submit the task again"}
	}
}

// checkNode and seeNodes are the hint and the remedy for a node that does not
// respond.
const checkNode = "check whether the node is ready"

var seeNodes = []api.Remedy{{Action: api.KubectlAction("get nodes"), Namespace: "*"}}

func evictionHint(message string) string {
	switch {
	case strings.Contains(message, "ephemeral"), strings.Contains(message, "emptyDir"), strings.Contains(message, "EmptyDir"):
		return "it exceeded its ephemeral storage; use a volume, or set more in resources.ephemeral_storage"
	case strings.Contains(message, "memory"):
		return "the node was short of memory; set what the task needs in resources.memory"
	}
	return ""
}

// lostNode explains a running pod whose node does not respond. The node controller
// marks such a pod as not ready while its containers were last reported as ready.
func lostNode(pods []corev1.Pod) *api.Diagnosis {
	for i := range pods {
		if !OnLostNode(&pods[i]) {
			continue
		}
		return ofNode(&pods[i], " ", &api.Diagnosis{Cause: api.CauseNodeLost,
			Message: fmt.Sprintf("lost its machine %s: it does not answer", pods[i].Spec.NodeName),
			Hint:    "Kubernetes ends the task unless the node returns; " + checkNode, Remedies: seeNodes})
	}
	return nil
}

// OnLostNode reports whether the node of a running pod does not respond.
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
