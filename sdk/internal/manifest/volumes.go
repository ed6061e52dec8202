package manifest

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// mountVolumes mounts the task's volumes. A claim that is mounted at several
// paths is one volume of the pod; an ephemeral one is made with each pod and
// goes with it.
func (b *builder) mountVolumes(pod *corev1.PodSpec) {
	c, byClaim := &pod.Containers[0], map[string]string{}
	for i, m := range b.in.Mounts {
		name, known := byClaim[m.Claim]
		if m.Ephemeral != nil || !known {
			name = fmt.Sprintf("volume-%d", i)
			byClaim[m.Claim] = name
			pod.Volumes = append(pod.Volumes, corev1.Volume{Name: name, VolumeSource: volumeSource(m)})
		}
		c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{
			Name: name, MountPath: m.Path, SubPath: m.SubPath, ReadOnly: m.ReadOnly})
		if m.Warning != "" {
			b.warnings = append(b.warnings, m.Warning)
		}
	}
}

func volumeSource(m Mount) corev1.VolumeSource {
	if m.Ephemeral == nil {
		return corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{
			ClaimName: m.Claim, ReadOnly: m.ReadOnly}}
	}
	v := m.Ephemeral
	claim := corev1.PersistentVolumeClaimSpec{Resources: corev1.VolumeResourceRequirements{}}
	if v.Size != nil {
		claim.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: *v.Size}
	}
	if v.StorageClass != "" {
		claim.StorageClassName = &v.StorageClass
	}
	for _, mode := range v.AccessModes {
		claim.AccessModes = append(claim.AccessModes, corev1.PersistentVolumeAccessMode(mode))
	}
	if len(claim.AccessModes) == 0 {
		claim.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}
	}
	return corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{
		VolumeClaimTemplate: &corev1.PersistentVolumeClaimTemplate{
			ObjectMeta: metav1.ObjectMeta{Labels: v.Labels}, Spec: claim}}}
}
