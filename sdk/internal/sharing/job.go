package sharing

import (
	"encoding/json"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/share/plugin"
	"github.com/kubevast/vast/sdk/api"
)

const (
	// nobody is the UID of the pod, as in the other Jobs of the agent.
	nobody = 65534
	// keepJob is how long the Job and its Secret stay after the end, in seconds. The report
	// is in the store.
	keepJob = 600
	// restarts is how often a pod is started again: after the loss of its node, or while
	// the store is away.
	restarts = 6
	// maxSecret leaves room in the 1 MiB of a Secret.
	maxSecret = 900 << 10
	// maxSummary bounds the annotation, of the 256 KiB of all annotations.
	maxSummary = 128 << 10
	// memoryLimit is GOMEMLIMIT of the agent.
	memoryLimit = "48MiB"

	containerName = "share"
	ordersVolume  = "share"
	shareVolume   = "volume"
	tmpVolume     = "tmp"
	toolsVolume   = "tools"
	toolsDir      = "/vast-tools"
)

// summary is the annotation of the Job: what it sends, without any setting.
type summary struct {
	Type string `json:"type"`
	// Items are the archives by the names of their campaigns and tasks; omitted if there
	// are too many, with their number in Count.
	Items           []api.ShareItem `json:"items,omitempty"`
	Count           int             `json:"count"`
	Force           bool            `json:"force,omitempty"`
	KeepArchive     bool            `json:"keepArchive,omitempty"`
	RemoveFromStore bool            `json:"removeFromStore,omitempty"`
}

func summaryOf(o agentspec.Share) summary {
	s := summary{Type: o.Type, Count: len(o.Items), Force: o.Force, KeepArchive: o.KeepArchive, RemoveFromStore: o.RemoveFromStore}
	size := 0
	for _, i := range o.Items {
		s.Items = append(s.Items, api.ShareItem{Name: i.Name(), Task: i.Task != "", Archive: i.Archive})
		size += len(i.Name()) + len(i.Archive) + 64
	}
	if size > maxSummary {
		s.Items = nil
	}
	return s
}

// objects are the Job of an upload and its Secret.
type objects struct {
	job    *batchv1.Job
	secret *corev1.Secret
}

// build makes the objects. The Job is suspended until its Secret is there.
func build(orders agentspec.Share, settings map[string]string, image string) (*objects, error) {
	about, err := json.Marshal(summaryOf(orders))
	if err != nil {
		return nil, err
	}
	orderText, err := json.Marshal(orders)
	if err != nil {
		return nil, err
	}
	settingsText, err := json.Marshal(settings)
	if err != nil {
		return nil, err
	}
	if size := len(orderText) + len(settingsText); size > maxSecret {
		return nil, api.Invalid("", "%d campaigns and tasks are too many for one upload: their names and the settings have %d bytes, and %d are allowed", len(orders.Items), size, maxSecret)
	}
	labels := map[string]string{kube.LabelKind: kube.KindShare, kube.LabelUser: kube.LabelValue(orders.User), kube.LabelManagedBy: kube.ManagedBy}
	podLabels := map[string]string{kube.LabelStoreClient: "true"}
	for k, v := range labels {
		podLabels[k] = v
	}
	secretName := orders.Job + "-" + kube.NewID()
	spec := podSpec(image, secretName, settings[VolumeSetting], settings[pathSetting])
	if own := settings[plugin.ImageSetting]; own != "" {
		runIn(&spec, own)
	}
	annotations := map[string]string{kube.AnnotationShare: string(about), kube.AnnotationUser: orders.User}
	job := &batchv1.Job{
		TypeMeta:   metav1.TypeMeta{APIVersion: "batch/v1", Kind: "Job"},
		ObjectMeta: metav1.ObjectMeta{Name: orders.Job, Namespace: orders.Namespace, Labels: labels, Annotations: annotations},
		Spec: batchv1.JobSpec{
			Suspend:                 ptr.To(true),
			BackoffLimit:            ptr.To[int32](restarts),
			TTLSecondsAfterFinished: ptr.To[int32](keepJob),
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: podLabels},
				Spec:       spec,
			},
		},
	}
	job.Annotations[kube.AnnotationSubmitting] = secretName
	secret := &corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Name: secretName, Namespace: orders.Namespace, Labels: labels},
		Immutable:  ptr.To(true),
		Type:       corev1.SecretTypeOpaque,
		Data:       map[string][]byte{agentspec.ShareOrders: orderText, agentspec.ShareSettings: settingsText},
	}
	return &objects{job, secret}, nil
}

// pathSetting is the folder of a share of type "dir".
const pathSetting = "VAST_SHARE_PATH"

// podSpec is a pod under the restricted profile, with the claim of a share of type "dir" at
// its path.
func podSpec(image, secret, claim, path string) corev1.PodSpec {
	pod := corev1.PodSpec{
		RestartPolicy:                corev1.RestartPolicyNever,
		AutomountServiceAccountToken: ptr.To(false),
		EnableServiceLinks:           ptr.To(false),
		SecurityContext: &corev1.PodSecurityContext{RunAsNonRoot: ptr.To(true), RunAsUser: ptr.To[int64](nobody), RunAsGroup: ptr.To[int64](nobody),
			FSGroup: ptr.To[int64](nobody), FSGroupChangePolicy: ptr.To(corev1.FSGroupChangeOnRootMismatch),
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}},
		Volumes: []corev1.Volume{{Name: ordersVolume, VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: secret, DefaultMode: ptr.To[int32](0o440)}}},
			{Name: tmpVolume, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}},
		Containers: []corev1.Container{{
			Name: containerName, Image: image, Args: []string{"share", agentspec.ShareDir},
			Env: append([]corev1.EnvVar{{Name: "GOMEMLIMIT", Value: memoryLimit},
				{Name: agentspec.EnvJobUID, ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: fmt.Sprintf("metadata.labels['%s']", batchv1.ControllerUidLabel)}}}},
				kube.StoreEnv()...),
			VolumeMounts:             []corev1.VolumeMount{{Name: ordersVolume, MountPath: agentspec.ShareDir, ReadOnly: true}, {Name: tmpVolume, MountPath: "/tmp"}},
			TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
			Resources:                kube.Unpriced(), // a quota that is used up must not keep results from being shared
			SecurityContext: &corev1.SecurityContext{AllowPrivilegeEscalation: ptr.To(false), ReadOnlyRootFilesystem: ptr.To(true),
				Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}},
		}},
	}
	if claim != "" {
		pod.Volumes = append(pod.Volumes, corev1.Volume{Name: shareVolume, VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim}}})
		pod.Containers[0].VolumeMounts = append(pod.Containers[0].VolumeMounts, corev1.VolumeMount{Name: shareVolume, MountPath: path})
	}
	return pod
}

// runIn runs the agent in the image of a plug-in, which it starts: an init container copies the
// program. What memory Go uses there is limited as in the agent's image.
func runIn(pod *corev1.PodSpec, image string) {
	share := &pod.Containers[0]
	install := corev1.Container{Name: kube.ContainerTools, Image: share.Image, Args: []string{"install", toolsDir},
		VolumeMounts:             []corev1.VolumeMount{{Name: toolsVolume, MountPath: toolsDir}},
		TerminationMessagePolicy: share.TerminationMessagePolicy, Resources: share.Resources, SecurityContext: share.SecurityContext.DeepCopy()}
	pod.InitContainers = append(pod.InitContainers, install)
	pod.Volumes = append(pod.Volumes, corev1.Volume{Name: toolsVolume, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}})
	share.Image, share.Command = image, []string{toolsDir + "/agent"}
	share.VolumeMounts = append(share.VolumeMounts, corev1.VolumeMount{Name: toolsVolume, MountPath: toolsDir, ReadOnly: true})
}
