package manifest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
	"github.com/kubevast/vast/sdk/spec"
)

// reach refuses what would give the user's containers access to what is ours:
// the token and the credentials of our containers, the Secrets and the claim of
// the store, the labels by which Services and NetworkPolicies select our pods.
// It checks pod_config as it is written, so that each problem has its position
// in the file: in the merged pod the user's values cannot be distinguished from
// ours.
type reach struct {
	*problems
	task *spec.Task
	// secrets: containers of ours are in the pod.
	secrets bool
	profile Profile
}

// hasOurs reports that containers of ours are in the pod.
func (b *builder) hasOurs() bool { return len(b.in.Files) > 0 || b.in.Results != nil }

// checkReach notes all that is refused. config is pod_config as far as it can be a
// pod; none that cannot comes further.
func (b *builder) checkReach(config map[string]any) {
	r := b.reach()
	r.claims()
	r.raw("spec", "", b.task.PodConfig["spec"])
	pod := &corev1.PodTemplateSpec{}
	if err := decodePod(config, pod); err != nil {
		r.refuse("", "it does not make a pod: %v", err)
	} else {
		r.meta(pod)
		r.pod(&pod.Spec)
	}
	b.note(r)
}

func (r *reach) refuse(path, format string, args ...any) {
	at, full := r.task.PodConfigPlace(path), podConfigPath
	if path != "" {
		full += "." + path
	}
	r.addAt(at, full, format, args...)
}

// storeSecrets are those that hold the keys of the store.
var storeSecrets = []string{kube.StoreName, kube.StoreReaderName, kube.StoreRootName}

// raw finds the store's Secrets and its claim wherever one can be named: in
// variables, in volumes of any kind, in what a claim is a copy of. Kubernetes
// calls every such field by what it refers to.
func (r *reach) raw(path, field string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			r.raw(yamlfile.Below(path, key), kindOf(field, key), v[key])
		}
	case []any:
		for i, item := range v {
			r.raw(fmt.Sprintf("%s[%d]", path, i), "", item)
		}
	case string:
		switch {
		case field == "secret" && slices.Contains(storeSecrets, v):
			r.refuse(path, "the Secret %q holds credentials of the store, which only the containers of kubevast get; create a Secret of your own", v)
		case field == "claim" && v == kube.StoreName:
			r.refuse(path, "the claim %q is the store's own; mount another claim, and download results instead", v)
		}
	}
}

// kindOf returns what a text under a key names: "secret", "claim", or neither.
// above is the same of the key above it, for {secretRef: {name: x}}.
func kindOf(above, key string) string {
	switch lower := strings.ToLower(key); {
	case above != "" && key == "name":
		return above
	case strings.Contains(lower, "secret"):
		return "secret"
	case key == "claimName", strings.HasPrefix(key, "dataSource"):
		return "claim"
	}
	return ""
}

// claims refuses the store's own volume among those of the task.
func (r *reach) claims() {
	for _, m := range r.task.Volumes {
		if m.Volume == kube.StoreName {
			r.addAt(spec.Position{Line: m.Line, Column: m.Column}, "volumes."+m.Path,
				"the volume %q is the store's own; mount another volume, and download results instead", m.Volume)
		}
	}
}

// meta refuses labels and annotations that others read as ours.
func (r *reach) meta(pod *corev1.PodTemplateSpec) {
	for _, of := range []struct {
		path string
		set  map[string]string
	}{{"metadata.labels", pod.Labels}, {"metadata.annotations", pod.Annotations}} {
		for _, key := range slices.Sorted(maps.Keys(of.set)) {
			if msg := reservedKey(key, of.set[key]); msg != "" {
				r.refuse(yamlfile.Below(of.path, key), "%s", msg)
			}
		}
	}
}

// queueKeys are those of Kueue's by which it would take the pod for another's, or
// for one that is not managed. The others, as those of a topology, are settings.
var queueKeys = []string{"kueue.x-k8s.io/managed", "kueue.x-k8s.io/podset", "kueue.x-k8s.io/workload",
	"kueue.x-k8s.io/pod-group-name", "kueue.x-k8s.io/pod-group-total-count", "kueue.x-k8s.io/prebuilt-workload-name"}

// reservedKey returns why a label or an annotation cannot be set, or "".
func reservedKey(key, value string) string {
	prefix, _, _ := strings.Cut(key, "/")
	switch {
	case prefix+"/" == kube.Prefix, strings.HasSuffix(prefix, "."+strings.TrimSuffix(kube.Prefix, "/")), prefix == "batch.kubernetes.io":
		return fmt.Sprintf("labels and annotations under %s/ are set by kubevast and Kubernetes; choose another prefix", prefix)
	case slices.Contains(queueKeys, key):
		return key + " is set by Kueue; choose the queue with config.kubernetes.kueue.local_queue_name or the option Queue"
	case key == kube.LabelManagedBy && value == kube.ManagedBy, key == "app.kubernetes.io/name" && strings.HasPrefix(value, kube.StoreName):
		return fmt.Sprintf("%s=%s marks what cluster setup has created; choose another value", key, value)
	}
	return ""
}

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

// powers are the capabilities that give a container access to others on its
// node.
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
