package manifest

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// vendorDevice is the resource whose name is the taint's on the machines of a
// vendor whose plug-in offers parts of devices under names of their own
// (nvidia.com/mig-1g.10gb, nvidia.com/gpu.shared).
var vendorDevice = map[string]corev1.ResourceName{"nvidia.com": nvidiaGPU, "amd.com": amdGPU}

// tolerateDevices lets the pod onto the machines that are kept for those that
// ask for the devices it asks for. Such a machine has the taint of its device's
// name by the convention of GKE and of Kubernetes' ExtendedResourceToleration
// plug-in, which many clusters have not switched on; SkyPilot adds the same.
func tolerateDevices(pod *corev1.PodSpec) {
	devices := map[corev1.ResourceName]bool{}
	for _, c := range slices.Concat(pod.InitContainers, pod.Containers) {
		for _, list := range []corev1.ResourceList{c.Resources.Requests, c.Resources.Limits} {
			for name, amount := range list {
				if !IsDevice(name) || amount.IsZero() {
					continue
				}
				devices[name] = true
				vendor, _, _ := strings.Cut(string(name), "/")
				if whole := vendorDevice[vendor]; whole != "" {
					devices[whole] = true
				}
			}
		}
	}
	for _, device := range slices.Sorted(maps.Keys(devices)) {
		t := corev1.Toleration{Key: string(device), Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}
		if !slices.ContainsFunc(pod.Tolerations, func(have corev1.Toleration) bool { return covers(have, t) }) {
			pod.Tolerations = append(pod.Tolerations, t)
		}
	}
}

// IsDevice reports a resource that is none of Kubernetes' own: its name has a
// vendor's domain.
func IsDevice(name corev1.ResourceName) bool {
	vendor, _, extended := strings.Cut(string(name), "/")
	return extended && vendor != "kubernetes.io" && !strings.HasSuffix(vendor, ".kubernetes.io")
}

// covers reports that have tolerates all that t, a toleration of any value, does.
func covers(have, t corev1.Toleration) bool {
	return have.Operator == corev1.TolerationOpExists && (have.Key == "" || have.Key == t.Key) && (have.Effect == "" || have.Effect == t.Effect)
}
