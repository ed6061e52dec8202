package manifest

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// maxTerms bounds the alternatives of a pod's node affinity. The user's are
// multiplied with ours, one for each label by which clusters name accelerators.
const maxTerms = 500

// bothTerms returns the nodeSelectorTerms of a node that one of the base's and one
// of the user's terms allow. Terms are alternatives: appended to one another, any
// would do, and the pod might land on a node without the accelerator.
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
			out = append(out, o) // it matches no node, with ours or without
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
