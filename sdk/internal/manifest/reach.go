package manifest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
	"github.com/kubevast/vast/sdk/spec"
)

// reach refuses what would let the user's containers at what is ours: the token
// and the credentials of our containers, the Secrets and the claim of the store,
// the labels by which Services and NetworkPolicies know our pods. It looks at
// pod_config as it is written, so that each problem has its place in the file: in
// the merged pod what is the user's would be taken for ours.
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

// kindOf says what a text under a key names: "secret", "claim", or neither. above
// is the same of the key above it, for {secretRef: {name: x}}.
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

// reservedKey says why a label or an annotation cannot be set, or "".
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
