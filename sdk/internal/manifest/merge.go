package manifest

import (
	"cmp"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// listKeys has the field by which the entries of a list are matched: the patchMergeKey
// of Kubernetes' strategic merge patch, which SkyPilot uses, too. Claims of a container
// have none there, but the API server treats them as a map by name.
var listKeys = map[string]string{
	"claims":                    "name",
	"containers":                "name",
	"env":                       "name",
	"ephemeralContainers":       "name",
	"evictionResponders":        "name",
	"hostAliases":               "ip",
	"imagePullSecrets":          "name",
	"initContainers":            "name",
	"ownerReferences":           "uid",
	"ports":                     "containerPort",
	"resourceClaims":            "name",
	"schedulingGates":           "name",
	"topologySpreadConstraints": "topologyKey",
	"volumeDevices":             "devicePath",
	"volumeMounts":              "mountPath",
	"volumes":                   "name",
}

// oneOf are the lists whose entries are unions besides their key (a value or a
// reference, a directory or a claim): another member replaces the one in the base.
var oneOf = []string{"env", "resourceClaims", "volumes"}

// mergeMaps merges over into base by SkyPilot's rules
// (sky/utils/config_utils.py): maps are merged, scalars replaced, null removes a value,
// lists with a key are merged by it, and other lists are appended.
func mergeMaps(base, over map[string]any) map[string]any {
	for key, value := range over {
		base[key] = mergeValue(base[key], value, key)
	}
	return base
}

func mergeValue(base, over any, field string) any {
	switch o := over.(type) {
	case map[string]any:
		if b, ok := base.(map[string]any); ok {
			return mergeMaps(b, o)
		}
	case []any:
		if b, ok := base.([]any); ok {
			return mergeLists(b, o, field)
		}
	}
	return over
}

func mergeLists(base, over []any, field string) []any {
	switch field {
	case "args", "command":
		return over
	case "nodeSelectorTerms":
		return bothTerms(base, over)
	}
	key, keyed := listKeys[field]
	if !keyed {
		return append(base, over...)
	}
	for _, entry := range over {
		i := matching(base, entry, key, field)
		if i < 0 {
			base = append(base, entry)
			continue
		}
		if slices.Contains(oneOf, field) {
			dropOther(base[i], entry, key)
		}
		base[i] = mergeValue(base[i], withoutAlias(entry, field), "")
	}
	return base
}

// dropOther removes from base what over does not have, if over has another member.
func dropOther(base, over any, key string) {
	b, _ := base.(map[string]any)
	o, _ := over.(map[string]any)
	if len(o) < 2 {
		return
	}
	for field := range b {
		if _, kept := o[field]; field != key && !kept {
			delete(b, field)
		}
	}
}

// skyContainer is SkyPilot's name for the task's container.
const skyContainer = "ray-node"

// matching returns the index of the entry of base that entry is merged into, or -1. A
// container without a name, or with SkyPilot's name, is the first one.
func matching(base []any, entry any, key, field string) int {
	over, ok := entry.(map[string]any)
	if !ok {
		return -1
	}
	if field == "containers" && isTasks(over) && len(base) > 0 {
		return 0
	}
	id, named := over[key]
	return slices.IndexFunc(base, func(b any) bool {
		m, ok := b.(map[string]any)
		return ok && named && fmt.Sprint(m[key]) == fmt.Sprint(id) && (field != "ports" || protocol(m) == protocol(over))
	})
}

// protocol returns the protocol of a port, which distinguishes ports of one number.
// Kubernetes' strategic merge does not distinguish them.
func protocol(port map[string]any) string {
	p, _ := port["protocol"].(string)
	return cmp.Or(p, "TCP")
}

func withoutAlias(entry any, field string) any {
	if over, ok := entry.(map[string]any); ok && field == "containers" && over["name"] == skyContainer {
		delete(over, "name")
	}
	return entry
}

// maxTerms bounds the terms of a pod's node affinity. The user's terms are multiplied
// with ours, one for each label with an accelerator.
const maxTerms = 500

// bothTerms returns the nodeSelectorTerms that require one of the base's and one of the
// user's terms. Terms are ORed: if they were appended, the pod might run on a node
// without the accelerator.
func bothTerms(base, over []any) []any {
	switch {
	case len(over) == 0:
		return base
	case len(base) == 0:
		return over
	}
	var out []any
	for _, o := range over {
		own, ok := o.(map[string]any)
		if !ok || termIsEmpty(own) {
			out = append(out, o) // an empty term matches no node
			continue
		}
		for _, b := range base {
			ours, _ := b.(map[string]any)
			both := map[string]any{}
			for _, key := range []string{"matchExpressions", "matchFields"} {
				x, _ := own[key].([]any)
				y, _ := ours[key].([]any)
				if all := slices.Concat(x, y); len(all) > 0 {
					both[key] = all
				}
			}
			out = append(out, both)
		}
	}
	return out
}

func termIsEmpty(term map[string]any) bool {
	for _, requirements := range term {
		if list, ok := requirements.([]any); !ok || len(list) > 0 {
			return false
		}
	}
	return true
}

const requiredTermsPath = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"

func requiredTerms(pod *corev1.PodSpec) []corev1.NodeSelectorTerm {
	if a := pod.Affinity; a != nil && a.NodeAffinity != nil && a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution != nil {
		return a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
	}
	return nil
}
