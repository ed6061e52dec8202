package manifest

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// unreachableSeconds is how long a pod of a task of several nodes stays bound
// to a machine that does not answer. Kubernetes notices after 50 s; its
// default of 300 more would leave the other nodes waiting for a dead one.
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

// hostDNS lets a pod that has its machine's network find the names of the
// cluster all the same, unless the user has said how it finds names.
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

// sharedMemory replaces the 64 MiB that container runtimes give to /dev/shm,
// which data loaders outgrow with a bus error. It counts against the memory
// limit.
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
		// A container port opens nothing; it is documentation. Of a range
		// the first port stands for all.
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
