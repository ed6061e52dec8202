package prepare

import (
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/internal/campaign/plan"
)

// nobody is the UID of the upload.
const nobody = 65534

// objectName is the name of an object that belongs to the campaign's record.
func (w *preparation) objectName(what string) string {
	return kube.DNSLabel(w.draft.Record.ID+"-"+what, "campaign-"+what, 63)
}

func (w *preparation) meta(name string) metav1.ObjectMeta {
	r := w.draft.Record
	return metav1.ObjectMeta{Name: name, Namespace: r.Namespace, Labels: map[string]string{
		kube.LabelCampaign: kube.LabelValue(r.ID), kube.LabelUser: kube.LabelValue(r.User), kube.LabelManagedBy: kube.ManagedBy}}
}

// uploadMeta is that of a Job or pod, by which the upload is known as work.
func (w *preparation) uploadMeta(name string) metav1.ObjectMeta {
	m := w.meta(name)
	m.Labels[kube.LabelKind] = kube.KindUpload
	m.Annotations = map[string]string{kube.AnnotationCampaign: w.draft.Record.ID}
	return m
}

// uploadPodMeta is for the pod, which the store has to admit.
func (w *preparation) uploadPodMeta() metav1.ObjectMeta {
	m := w.uploadMeta(w.objectName("upload"))
	m.Labels[kube.LabelStoreClient] = "true"
	return m
}

// uploadJob brings what a ConfigMap carries into the store.
func (w *preparation) uploadJob(configMap string, items []corev1.KeyToPath) *batchv1.Job {
	pod := w.uploadSpec("upload", plan.CarriedDir)
	pod.RestartPolicy = corev1.RestartPolicyOnFailure
	pod.Volumes = []corev1.Volume{{Name: plan.CarriedVolume, VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
		LocalObjectReference: corev1.LocalObjectReference{Name: configMap}, Items: items}}}}
	pod.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: plan.CarriedVolume, MountPath: plan.CarriedDir, ReadOnly: true}}
	meta, podMeta := w.uploadMeta(w.objectName("upload")), w.uploadPodMeta()
	return typed(&batchv1.Job{ObjectMeta: meta, Spec: batchv1.JobSpec{
		TTLSecondsAfterFinished: ptr.To(int32(w.draft.Record.KeepSeconds)), // days, checked with the other options
		Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: podMeta.Labels, Annotations: podMeta.Annotations}, Spec: pod}}})
}

// uploadPod waits for an archive on its stdin and brings what is in it into the
// store.
func (w *preparation) uploadPod() *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: w.uploadPodMeta(), Spec: w.uploadSpec("upload", "-")}
	pod.APIVersion, pod.Kind = "v1", "Pod"
	c := &pod.Spec.Containers[0]
	c.Stdin, c.StdinOnce = true, true
	pod.Spec.Volumes = []corev1.Volume{{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
	c.VolumeMounts = []corev1.VolumeMount{{Name: "tmp", MountPath: plan.TmpDir}}
	return pod
}

// uploadSpec runs our own image under the restricted profile.
func (w *preparation) uploadSpec(args ...string) corev1.PodSpec {
	return corev1.PodSpec{
		RestartPolicy:                corev1.RestartPolicyNever,
		AutomountServiceAccountToken: ptr.To(false),
		EnableServiceLinks:           ptr.To(false),
		SecurityContext: &corev1.PodSecurityContext{RunAsNonRoot: ptr.To(true), RunAsUser: ptr.To[int64](nobody), RunAsGroup: ptr.To[int64](nobody),
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}},
		Containers: []corev1.Container{{
			Name: "upload", Image: w.draft.Record.AgentImage, Args: args, Env: kube.StoreEnv(),
			TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
			Resources:                kube.Unpriced(), // a quota that the runs fill must not keep their inputs away
			SecurityContext: &corev1.SecurityContext{AllowPrivilegeEscalation: ptr.To(false), ReadOnlyRootFilesystem: ptr.To(true),
				Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}},
		}},
	}
}
