package manifest

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/kube"
)

// addOurs adds our own containers before the other init containers, after pod_config has
// set the user.
func (b *builder) addOurs(pod *corev1.PodSpec) {
	var ours []corev1.Container
	if len(b.in.Files) > 0 {
		ours = append(ours, b.fetchContainers(pod)...)
	}
	if b.in.Results != nil {
		ours = append(ours, b.keepContainer(pod))
	}
	b.launch.apply(&pod.Containers[0])
	ours = append(ours, b.secondaries(pod)...)
	pod.InitContainers = append(ours, pod.InitContainers...)
}

// reachesStore reports whether one of our containers connects to a store, whose
// NetworkPolicy has to admit the pod.
func (b *builder) reachesStore() bool {
	fetch, _ := b.fetchOrders()
	return b.in.Results != nil || slices.ContainsFunc(fetch.Items, fromStore)
}

// fromStore reports whether an item may be in the namespace's store.
func fromStore(i agentspec.Item) bool { return i.Pack != "" || i.URI != "" || i.Outputs != nil }

// userOf returns the user that the main container runs as; nil for that of the image,
// which is unknown here.
func userOf(pod *corev1.PodSpec) *int64 {
	if c := pod.Containers[0].SecurityContext; c != nil && c.RunAsUser != nil {
		return c.RunAsUser
	}
	if pod.SecurityContext != nil {
		return pod.SecurityContext.RunAsUser
	}
	return nil
}

// ourContainer returns what our containers have in common. They run as the main
// container's user, so that both can read each other's files. If the image decides the
// user, ours run as root with only the capabilities to read and write all files.
func (b *builder) ourContainer(name, command string, pod *corev1.PodSpec) corev1.Container {
	secure := &corev1.SecurityContext{
		AllowPrivilegeEscalation: ptr.To(false),
		ReadOnlyRootFilesystem:   ptr.To(true),
		Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
	}
	user := ptr.Deref(userOf(pod), 0)
	secure.RunAsUser = &user
	secure.RunAsNonRoot = ptr.To(user != 0)
	if user == 0 {
		secure.Capabilities.Add = []corev1.Capability{"CHOWN", "DAC_OVERRIDE", "FOWNER"}
	}
	return corev1.Container{
		Name:            name,
		Image:           b.in.AgentImage,
		Args:            []string{command},
		SecurityContext: secure,
		Resources:       kube.Unpriced(),
		// The last log line is the error.
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
	}
}
