package manifest

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// unreachableSeconds is how long a pod of a task of several nodes stays bound to a node
// that does not respond. Kubernetes detects that after 50 s; with its default of 300 s
// more the other pods would wait for a lost one.
const unreachableSeconds = 20

func (b *builder) pod() corev1.PodTemplateSpec {
	pod := corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: b.labels(), Annotations: b.annotations()},
		Spec: corev1.PodSpec{
			RestartPolicy:                corev1.RestartPolicyNever,
			AutomountServiceAccountToken: ptr.To(false),
			EnableServiceLinks:           ptr.To(false),
			Containers: []corev1.Container{{
				Name:      Container,
				Image:     b.image(),
				Command:   b.launch.command(),
				Env:       b.env(),
				Resources: b.resources(),
				Ports:     b.ports(),
			}},
			Affinity: b.gpuAffinity(),
		},
	}
	if b.task.NumNodes > 1 {
		pod.Spec.Subdomain = b.name
		pod.Spec.Tolerations = unreachableTolerations()
	}
	b.sharedMemory(&pod.Spec)
	b.mountVolumes(&pod.Spec)
	b.sharedDirs(&pod.Spec)
	b.mountFiles(&pod.Spec)
	b.outputs(&pod.Spec)
	b.secure(&pod.Spec)
	b.priority(&pod.Spec)
	return pod
}

// hostDNS sets the DNS policy with which a pod with the host network resolves the names
// of the cluster, unless the user has set one.
func hostDNS(pod *corev1.PodSpec) {
	if pod.HostNetwork && pod.DNSPolicy == "" {
		pod.DNSPolicy = corev1.DNSClusterFirstWithHostNet
	}
}

func (b *builder) image() string {
	if b.res.Image != "" {
		return atRegistry(b.login()[dockerServer], b.res.Image)
	}
	return DefaultImage
}

func unreachableTolerations() []corev1.Toleration {
	var out []corev1.Toleration
	for _, key := range []string{corev1.TaintNodeNotReady, corev1.TaintNodeUnreachable} {
		out = append(out, corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists,
			Effect: corev1.TaintEffectNoExecute, TolerationSeconds: ptr.To[int64](unreachableSeconds)})
	}
	return out
}

// sharedMemory replaces the 64 MiB of /dev/shm that container runtimes provide, which
// data loaders exceed with a bus error. It counts towards the memory limit.
func (b *builder) sharedMemory(pod *corev1.PodSpec) {
	b.emptyDir(pod, "dshm", "/dev/shm", corev1.StorageMediumMemory)
}

func (b *builder) emptyDir(pod *corev1.PodSpec, name, path string, medium corev1.StorageMedium) {
	pod.Volumes = append(pod.Volumes, corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
		EmptyDir: &corev1.EmptyDirVolumeSource{Medium: medium}}})
	c := &pod.Containers[0]
	c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: name, MountPath: path})
}

func (b *builder) ports() []corev1.ContainerPort {
	var out []corev1.ContainerPort
	for _, p := range b.res.Ports {
		// A container port is only informational. Of a range only the first port is
		// listed.
		out = append(out, corev1.ContainerPort{ContainerPort: p.First})
	}
	return out
}

func (b *builder) priority(pod *corev1.PodSpec) {
	pod.PriorityClassName = b.res.PriorityClass
	if pod.PriorityClassName == "" {
		pod.PriorityClassName = b.in.PriorityClass
	}
}
