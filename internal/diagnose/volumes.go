package diagnose

import (
	"fmt"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/sdk/api"
)

// unprovisioned explains a pod that waits for a volume to be provisioned, by the
// scheduler's message; nil for another message. The claim of an ephemeral volume is
// created after its pod, so a claim that is "not found" is no error until then.
func unprovisioned(pod *corev1.Pod, message string, events []corev1.Event) *api.Diagnosis {
	name := ephemeral(pod, message)
	switch {
	case name != "":
		if why := refusedClaim(pod, name, events); why != "" {
			return &api.Diagnosis{Cause: api.CauseVolumeMissing, Message: fmt.Sprintf("its volume %s cannot be created: %s", name, why)}
		}
		return &api.Diagnosis{Cause: api.CauseVolumePending, Message: fmt.Sprintf("waits for its volume %s, which is being created", name)}
	case strings.Contains(message, "unbound immediate PersistentVolumeClaims"):
		return &api.Diagnosis{Cause: api.CauseVolumePending, Message: "waits for a volume that is being created",
			Hint: "if it is not created, the events of its claim say why", Remedies: []api.Remedy{{Action: api.KubectlAction("describe pvc"), Namespace: pod.Namespace}}}
	}
	return nil
}

var claimNamed = regexp.MustCompile(`persistentvolumeclaim "([^"]+)"`)

// ephemeral returns the name of the pod's ephemeral volume whose claim the
// scheduler's message names; empty for none and for another claim.
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

// refusedClaim returns why the claim of an ephemeral volume could not be created,
// according to the events; empty if they do not say.
func refusedClaim(pod *corev1.Pod, volume string, events []corev1.Event) string {
	for i := len(events) - 1; i >= 0; i-- {
		e := events[i]
		if why, ok := strings.CutPrefix(oneLine(e.Message), "ephemeral volume "+volume+": "); ok && e.InvolvedObject.UID == pod.UID && e.Type == corev1.EventTypeWarning {
			return why
		}
	}
	return ""
}

// passesByItself reports whether the kubelet only waits for an object to reach its
// cache, which is common when a pod starts.
func passesByItself(message string) bool {
	return strings.Contains(message, "cache: timed out waiting for the condition") || strings.Contains(message, " not registered")
}
