package diagnose

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
)

func TestChangesOfOthersInAPodAreReported(t *testing.T) {
	mount := func(name string) []corev1.VolumeMount { return []corev1.VolumeMount{{Name: name, MountPath: "/x"}} }
	made := corev1.PodSpec{
		InitContainers: []corev1.Container{{Name: kube.ContainerKeep, Image: "agent:v1", VolumeMounts: mount("vast-token")}},
		Containers:     []corev1.Container{{Name: kube.ContainerTask, Image: "python", VolumeMounts: mount("vast-out")}},
	}
	for name, tc := range map[string]struct {
		change func(*corev1.PodSpec)
		plain  bool // a pod without containers of ours
		want   []string
	}{
		"nothing": {change: func(*corev1.PodSpec) {}},
		"what Kubernetes itself adds": {change: func(p *corev1.PodSpec) {
			p.NodeName, p.Tolerations = "n1", []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
			p.Containers[0].VolumeMounts = append(p.Containers[0].VolumeMounts, mount("kube-api-access-x")...)
		}},
		"the task's own image, by a mirror": {change: func(p *corev1.PodSpec) { p.Containers[0].Image = "mirror/python" }},
		"a mesh's sidecars": {want: []string{"container istio-init was added by others", "container istio-proxy was added by others"}, change: func(p *corev1.PodSpec) {
			p.InitContainers = append([]corev1.Container{{Name: "istio-init"}}, p.InitContainers...)
			p.Containers = append(p.Containers, corev1.Container{Name: "istio-proxy"})
		}},
		"namespaces that are shared": {want: []string{"shareProcessNamespace was set by others", "hostPID was set by others", "hostIPC was set by others", "hostNetwork was set by others"},
			change: func(p *corev1.PodSpec) {
				p.ShareProcessNamespace, p.HostPID, p.HostIPC, p.HostNetwork = ptr.To(true), true, true, true
			}},
		"a mount of our token": {want: []string{"the volume vast-token was mounted by others in task"}, change: func(p *corev1.PodSpec) {
			p.Containers[0].VolumeMounts = append(p.Containers[0].VolumeMounts, mount("vast-token")...)
		}},
		"our image": {want: []string{"the image of vast-keep was changed by others to other:v1"}, change: func(p *corev1.PodSpec) { p.InitContainers[0].Image = "other:v1" }},
		"a container for debugging": {want: []string{"container debugger-x was added by others to the running pod"}, change: func(p *corev1.PodSpec) {
			p.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debugger-x"}}}
		}},
		"a pod with nothing of ours": {plain: true, change: func(p *corev1.PodSpec) { p.HostPID = true }},
	} {
		t.Run(name, func(t *testing.T) {
			job := &batchv1.Job{}
			job.Spec.Template.Spec = *made.DeepCopy()
			if tc.plain {
				job.Spec.Template.Spec.InitContainers = nil
			}
			pod := &corev1.Pod{Spec: *job.Spec.Template.Spec.DeepCopy()}
			tc.change(&pod.Spec)
			if diff := cmp.Diff(tc.want, ByOthers(job, pod)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
