package manifest

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
)

// oursPrefix begins the names of our containers and volumes.
const oursPrefix = "vast-"

// withUs ends a message about what is refused only beside containers of ours.
const withUs = "in a pod with containers of kubevast, which fetch files and upload results"

// pod refuses what reaches our containers, where there are any.
func (r *reach) pod(pod *corev1.PodSpec) {
	if !r.secrets {
		return
	}
	if ptr.Deref(pod.ShareProcessNamespace, false) {
		r.refuse("spec.shareProcessNamespace", "is not possible %s: their credentials could be read; remove it", withUs)
	}
	if pod.HostPID {
		r.refuse("spec.hostPID", "is not possible %s: their credentials could be read; remove it", withUs)
	}
	if len(pod.EphemeralContainers) > 0 {
		r.refuse("spec.ephemeralContainers", "cannot be given with a pod; use kubectl debug")
	}
	for i, v := range pod.Volumes {
		r.volume(fmt.Sprintf("spec.volumes[%d]", i), &v)
	}
	for i, c := range pod.InitContainers {
		r.container(fmt.Sprintf("spec.initContainers[%d]", i), &c)
	}
	for i, c := range pod.Containers {
		r.container(fmt.Sprintf("spec.containers[%d]", i), &c)
	}
	for i, a := range pod.HostAliases {
		for j, host := range a.Hostnames {
			if name, _, _ := strings.Cut(host, "."); name == kube.StoreName {
				r.refuse(fmt.Sprintf("spec.hostAliases[%d].hostnames[%d]", i, j),
					"%s is the store, to which results are sent; choose another name", host)
			}
		}
	}
}

// usersVolume reports a volume of ours that holds nothing but what the user's
// containers write: it may be mounted, and given a limit.
func usersVolume(name string) bool {
	return name == outVolume || strings.HasPrefix(name, outputPrefix) || strings.HasPrefix(name, sharedPrefix)
}

func isOurVolume(name string) bool { return strings.HasPrefix(name, oursPrefix) && !usersVolume(name) }

func (r *reach) volume(path string, v *corev1.Volume) {
	if isOurVolume(v.Name) {
		r.refuse(path+".name", "volume names that begin with %s are reserved; choose another name", oursPrefix)
	}
	if v.HostPath != nil && r.profile != Privileged {
		r.refuse(path+".hostPath", "is not possible %s: the node has the credentials of all its pods; "+
			"use a volume, or the security profile privileged if they may be read", withUs)
	}
}

// powers are the capabilities by which a container gets at others on its machine.
var powers = []corev1.Capability{"ALL", "BPF", "DAC_READ_SEARCH", "SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO"}

func isPower(c corev1.Capability) bool {
	return slices.Contains(powers, corev1.Capability(strings.TrimPrefix(strings.ToUpper(string(c)), "CAP_")))
}

func (r *reach) container(path string, c *corev1.Container) {
	if strings.HasPrefix(c.Name, oursPrefix) {
		r.refuse(path+".name", "container names that begin with %s are reserved; choose another name", oursPrefix)
	}
	for i, m := range c.VolumeMounts {
		if isOurVolume(m.Name) {
			r.refuse(fmt.Sprintf("%s.volumeMounts[%d].name", path, i), "the volume %s is for the containers of kubevast only; remove the mount", m.Name)
		}
	}
	for i, d := range c.VolumeDevices {
		if isOurVolume(d.Name) {
			r.refuse(fmt.Sprintf("%s.volumeDevices[%d].name", path, i), "the volume %s is for the containers of kubevast only; remove it", d.Name)
		}
	}
	s := c.SecurityContext
	if s == nil || r.profile == Privileged {
		return
	}
	const fix = "remove it, or use the security profile privileged if the node and the credentials of its pods may be accessed"
	if ptr.Deref(s.Privileged, false) {
		r.refuse(path+".securityContext.privileged", "is not possible %s; %s", withUs, fix)
	}
	if s.Capabilities == nil {
		return
	}
	for i, power := range s.Capabilities.Add {
		if isPower(power) {
			r.refuse(fmt.Sprintf("%s.securityContext.capabilities.add[%d]", path, i), "%s is not possible %s; %s", power, withUs, fix)
		}
	}
}

// checkToken refuses what would give the user's containers the token of the
// account that our sidecar runs as. It looks at the merged pod: a null in
// pod_config takes our settings out.
func (b *builder) checkToken(pod *corev1.PodSpec) {
	if own := pod.ServiceAccountName; b.in.Results == nil || own != "" && own != kube.AgentName {
		return
	}
	refuse := func(path, what string) {
		b.refuse(path, "%s the token of %s, which is for the container that keeps results alone; name a service account of your own as serviceAccountName", what, kube.AgentName)
	}
	if ptr.Deref(pod.AutomountServiceAccountToken, true) {
		refuse("spec.automountServiceAccountToken", "would mount")
	}
	for i, v := range pod.Volumes {
		if v.Projected != nil && slices.ContainsFunc(v.Projected.Sources, func(s corev1.VolumeProjection) bool {
			return s.ServiceAccountToken != nil || s.PodCertificate != nil
		}) {
			refuse(b.volumePath(v.Name, i), "would hold")
		}
	}
}

// volumePath is where pod_config has the volume that is the pod's number i.
func (b *builder) volumePath(name string, i int) string {
	podSpec, _ := b.task.PodConfig["spec"].(map[string]any)
	volumes, _ := podSpec["volumes"].([]any)
	for at, v := range volumes {
		if m, _ := v.(map[string]any); m["name"] == name {
			i = at
		}
	}
	return fmt.Sprintf("spec.volumes[%d]", i)
}
