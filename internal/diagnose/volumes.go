package diagnose

import (
	"fmt"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/hint"
	"github.com/kubevast/vast/sdk/api"
)

// unprovisioned explains a pod that waits for a volume which is being made, by
// the scheduler's message; nil for another one. The claim of an ephemeral volume
// is made after its pod, so until then it is "not found", and nothing is missing.
func unprovisioned(say hint.Target, pod *corev1.Pod, message string, events []corev1.Event) *api.Diagnosis {
	name := ephemeral(pod, message)
	switch {
	case name != "":
		if why := refusedClaim(pod, name, events); why != "" {
			return &api.Diagnosis{Cause: api.CauseVolumeMissing, Message: fmt.Sprintf("its volume %s cannot be made: %s", name, why)}
		}
		return &api.Diagnosis{Cause: api.CauseVolumePending, Message: fmt.Sprintf("waits for its volume %s, which is being made", name)}
	case strings.Contains(message, "unbound immediate PersistentVolumeClaims"):
		return &api.Diagnosis{Cause: api.CauseVolumePending, Message: "waits for a volume that is being made",
			Hint: "if it stays so, see what keeps it: " + say.In(pod.Namespace).Kubectl("describe", "pvc")}
	}
	return nil
}

var claimNamed = regexp.MustCompile(`persistentvolumeclaim "([^"]+)"`)

// ephemeral is the name of the pod's own volume whose claim the scheduler names
// in a message; empty when it names none, or another claim.
func ephemeral(pod *corev1.Pod, message string) string {
	m := claimNamed.FindStringSubmatch(message)
	if m == nil || strings.Contains(message, "is being deleted") {
		return ""
	}
	for i := range pod.Spec.Volumes {
		if v := &pod.Spec.Volumes[i]; v.Ephemeral != nil && pod.Name+"-"+v.Name == m[1] {
			return v.Name
		}
	}
	return ""
}

// refusedClaim is why the claim of an ephemeral volume could not be made; empty
// when nothing is known of that.
func refusedClaim(pod *corev1.Pod, volume string, events []corev1.Event) string {
	for i := len(events) - 1; i >= 0; i-- {
		e := events[i]
		if why, ok := strings.CutPrefix(oneLine(e.Message), "ephemeral volume "+volume+": "); ok && e.InvolvedObject.UID == pod.UID && e.Type == corev1.EventTypeWarning {
			return why
		}
	}
	return ""
}

// passesByItself reports a mount that the kubelet tries again because it has not
// heard of an object yet: so begins many a pod that is well.
func passesByItself(message string) bool {
	return strings.Contains(message, "cache: timed out waiting for the condition") || strings.Contains(message, " not registered")
}
