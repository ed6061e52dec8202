package diagnose

import (
	"fmt"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
)

// ours are the containers that have the store's credentials.
var ours = []string{kube.ContainerFetch, kube.ContainerKeep, kube.ContainerTools}

// ByOthers returns the changes to a pod since its Job was created (by a service mesh,
// a policy or kubectl debug) that give other containers access to ours. They are no
// failure, but matter to those who trust the pod. It returns none for a pod without
// containers of ours.
func ByOthers(job *batchv1.Job, pod *corev1.Pod) []string {
	made, is := &job.Spec.Template.Spec, &pod.Spec
	was := byName(made)
	if !slices.ContainsFunc(ours, func(name string) bool { return was[name] != nil }) {
		return nil
	}
	var out []string
	for _, f := range []struct {
		name    string
		was, is bool
	}{
		{"shareProcessNamespace", ptr.Deref(made.ShareProcessNamespace, false), ptr.Deref(is.ShareProcessNamespace, false)},
		{"hostPID", made.HostPID, is.HostPID}, {"hostIPC", made.HostIPC, is.HostIPC}, {"hostNetwork", made.HostNetwork, is.HostNetwork},
	} {
		if f.is && !f.was {
			out = append(out, f.name+" was set by others")
		}
	}
	shared := sharedVolumes(made)
	for _, c := range slices.Concat(is.InitContainers, is.Containers) {
		before := was[c.Name]
		switch {
		case before == nil:
			out = append(out, fmt.Sprintf("container %s was added by others", c.Name))
			before = &corev1.Container{}
		case slices.Contains(ours, c.Name) && c.Image != before.Image:
			out = append(out, fmt.Sprintf("the image of %s was changed by others to %s", c.Name, c.Image))
		}
		for _, m := range c.VolumeMounts {
			if shared[m.Name] && !slices.ContainsFunc(before.VolumeMounts, func(b corev1.VolumeMount) bool { return b.Name == m.Name }) {
				out = append(out, fmt.Sprintf("the volume %s was mounted by others in %s", m.Name, c.Name))
			}
		}
	}
	for _, c := range is.EphemeralContainers {
		out = append(out, fmt.Sprintf("container %s was added by others to the running pod", c.Name))
	}
	return out
}

func byName(pod *corev1.PodSpec) map[string]*corev1.Container {
	out := map[string]*corev1.Container{}
	for _, list := range [][]corev1.Container{pod.InitContainers, pod.Containers} {
		for i := range list {
			out[list[i].Name] = &list[i]
		}
	}
	return out
}

// sharedVolumes returns the volumes that containers of ours mount.
func sharedVolumes(pod *corev1.PodSpec) map[string]bool {
	out := map[string]bool{}
	for _, c := range pod.InitContainers {
		if slices.Contains(ours, c.Name) {
			for _, m := range c.VolumeMounts {
				out[m.Name] = true
			}
		}
	}
	return out
}
