package manifest

import (
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// mountVolumes mounts the task's volumes. A claim that is mounted at several paths is
// one volume of the pod; an ephemeral volume is created and deleted with each pod.
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

// The paths of our files in the containers. The user's containers mount single
// directories of the volumes, ours mount them whole.
const (
	// filesDir is the root of the volume for inputs, with one entry for each of
	// Input.Files, by its index.
	filesDir = "/vast/files"
	// mountsDir has those whose path begins with "~/" in the user's container: the
	// home directory is only known inside the container.
	mountsDir = "/vast/mounts"
	// homeDir is the home directory for users without a writable one.
	homeDir = "/vast/home"
	// packsDir has the packs from the ConfigMap, for the init container.
	packsDir = "/vast/packs"
	// ownerFile has the owner of the files for the init container. The user's image
	// writes it, so the directory has nothing else.
	ownerDir  = "/vast/user"
	ownerFile = ownerDir + "/owner"
	// toolsDir has the agent, for the user's sidecars.
	toolsDir = "/vast/tools"
	tokenDir = "/var/run/secrets/kubernetes.io/serviceaccount"
)

// Volumes of ours.
const (
	filesVolume = "vast-files"
	packsVolume = "vast-packs"
	ownerVolume = "vast-user"
	outVolume   = "vast-out"
	keepVolume  = "vast-keep"
	tokenVolume = "vast-token"
	toolsVolume = "vast-tools"

	outputPrefix = "vast-output-"
	sharedPrefix = "vast-shared-"
)

// filesPath returns the path of one of Input.Files in the init container and the
// sidecar.
func filesPath(i int) string { return filesDir + "/" + strconv.Itoa(i) }

// root returns the first element of an absolute path: "/out" of "/out/a/0".
func root(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return "/" + first
}

// below reports whether path is dir or below it.
func below(path, dir string) bool {
	rest, ok := strings.CutPrefix(path, dir)
	return ok && (rest == "" || strings.HasPrefix(rest, "/") || strings.HasSuffix(dir, "/"))
}

// addEmptyDir adds a volume without mounting it.
func addEmptyDir(pod *corev1.PodSpec, name string) {
	pod.Volumes = append(pod.Volumes, corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
		EmptyDir: &corev1.EmptyDirVolumeSource{}}})
}

// The size limits of volumes without user data: the kubelet evicts a pod that exceeds
// one. The others have no limit: inputs and outputs may have any size, and vast-keep
// has all logs until they are uploaded; resources.disk_size limits the whole pod.
// /dev/shm counts as memory.
const (
	ownerRoom = "1Mi"
	toolsRoom = "256Mi"
)

// addSmallDir is addEmptyDir with a limit.
func addSmallDir(pod *corev1.PodSpec, name, room string) {
	pod.Volumes = append(pod.Volumes, corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
		EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: ptr.To(resource.MustParse(room))}}})
}
