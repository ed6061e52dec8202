package manifest

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/kube"
)

// addOurs puts our own containers before all others that start first. It comes
// after pod_config, so that what is said there of the user is known.
func (b *builder) addOurs(pod *corev1.PodSpec) {
	var ours []corev1.Container
	if len(b.in.Files) > 0 {
		ours = append(ours, b.fetchContainers(pod)...)
	}
	if b.in.Results != nil {
		ours = append(ours, b.keepContainer(pod))
	}
	b.launch.tell(&pod.Containers[0])
	ours = append(ours, b.secondaries(pod)...)
	pod.InitContainers = append(ours, pod.InitContainers...)
}

// reachesStore reports whether one of our containers in the pod talks to a store:
// the store's NetworkPolicy has to let the pod in.
func (b *builder) reachesStore() bool {
	fetch, _ := b.fetchOrders()
	return b.in.Results != nil || slices.ContainsFunc(fetch.Items, fromStore)
}

// fromStore reports that an item may lie in the namespace's store.
func fromStore(i agentspec.Item) bool { return i.Pack != "" || i.URI != "" }

// userOf returns the user that the main container runs as; nil for the
// image's, which nobody knows here.
func userOf(pod *corev1.PodSpec) *int64 {
	if c := pod.Containers[0].SecurityContext; c != nil && c.RunAsUser != nil {
		return c.RunAsUser
	}
	if pod.SecurityContext != nil {
		return pod.SecurityContext.RunAsUser
	}
	return nil
}

// ourContainer is what our containers have in common. They run as the user
// does, so that each can read what the other wrote. Where the image decides
// that, ours are root with no more power than to read and write anybody's
// files.
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
		// What it could not do is its last word.
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
	}
}
