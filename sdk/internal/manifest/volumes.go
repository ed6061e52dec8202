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

// Where things of ours lie in the containers. The user's containers see single
// folders of the volumes, ours see them whole.
const (
	// filesDir is the root of the volume that the inputs are brought into:
	// one entry for each of Input.Files, by its number.
	filesDir = "/vast/files"
	// mountsDir is where a container of the user's has those whose path
	// begins with "~/": only the container knows its home.
	mountsDir = "/vast/mounts"
	// homeDir is a home for users that have none they may write to.
	homeDir = "/vast/home"
	// packsDir is where the init container finds the packs that came with
	// the task.
	packsDir = "/vast/packs"
	// ownerFile tells the init container whose the files are to be. The user's
	// image writes it, so nothing else lies there.
	ownerDir  = "/vast/user"
	ownerFile = ownerDir + "/owner"
	// toolsDir is where the user's sidecars find the agent.
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

// filesPath is where the init container and the sidecar see one of Input.Files.
func filesPath(i int) string { return filesDir + "/" + strconv.Itoa(i) }

// root is the first part of an absolute path: "/out" of "/out/a/0".
func root(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return "/" + first
}

// below reports whether path is dir or lies in it.
func below(path, dir string) bool {
	rest, ok := strings.CutPrefix(path, dir)
	return ok && (rest == "" || strings.HasPrefix(rest, "/") || strings.HasSuffix(dir, "/"))
}

// addEmptyDir adds a volume without mounting it.
func addEmptyDir(pod *corev1.PodSpec, name string) {
	pod.Volumes = append(pod.Volumes, corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
		EmptyDir: &corev1.EmptyDirVolumeSource{}}})
}

// How large the volumes may become that hold nothing of what the user makes: who
// writes more into one has the pod evicted. The others have no limit of ours:
// inputs and outputs are as large as they are, and vast-keep holds all logs until
// they are saved; resources.disk_size limits all of the pod together. /dev/shm
// counts as memory.
const (
	ownerRoom = "1Mi"
	toolsRoom = "256Mi"
)

// addSmallDir is addEmptyDir with a limit.
func addSmallDir(pod *corev1.PodSpec, name, room string) {
	pod.Volumes = append(pod.Volumes, corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
		EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: ptr.To(resource.MustParse(room))}}})
}
