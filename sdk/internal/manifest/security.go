package manifest

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

// nobody is the user that the restricted profile runs as.
const nobody = 65534

// secure applies the security profile. Privileged leaves the pod as the
// cluster's defaults have it; it is for pod_config that asks for more.
func (b *builder) secure(pod *corev1.PodSpec) {
	c := &pod.Containers[0]
	if b.in.RunAsUser != nil {
		c.SecurityContext = &corev1.SecurityContext{RunAsUser: b.in.RunAsUser}
	}
	if b.in.Profile == Privileged {
		return
	}
	pod.SecurityContext = &corev1.PodSecurityContext{
		SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
	c.SecurityContext = &corev1.SecurityContext{AllowPrivilegeEscalation: ptr.To(false), RunAsUser: b.in.RunAsUser}
	if b.in.Profile != Restricted {
		return
	}
	pod.SecurityContext.RunAsNonRoot = ptr.To(true)
	pod.SecurityContext.RunAsUser = ptr.To[int64](nobody)
	pod.SecurityContext.RunAsGroup = ptr.To[int64](nobody)
	// Without a group of its own a new volume could not be written to.
	pod.SecurityContext.FSGroup = ptr.To[int64](nobody)
	c.SecurityContext.ReadOnlyRootFilesystem = ptr.To(true)
	c.SecurityContext.Capabilities = &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}
	if !slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == "/tmp" }) {
		b.emptyDir(pod, "tmp", "/tmp", corev1.StorageMediumDefault)
	}
	if !slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool { return e.Name == "HOME" }) {
		c.Env = append(c.Env, corev1.EnvVar{Name: "HOME", Value: "/tmp"})
	}
}
