package cluster

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// parseQuota returns the quantities of SetupOptions.Quota. An error has all problems.
func parseQuota(given map[string]string) (corev1.ResourceList, error) {
	var problems []api.Problem
	out := corev1.ResourceList{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		q, err := resource.ParseQuantity(given[name])
		switch {
		case len(validation.IsQualifiedName(name)) > 0:
			problems = append(problems, api.Problem{Option: "Quota", Message: fmt.Sprintf(
				"%q is no resource; write cpu, memory, ephemeral-storage or one with a domain, such as nvidia.com/gpu", name)})
		case err != nil || q.Sign() < 0:
			problems = append(problems, api.Problem{Option: "Quota", Path: name, Message: fmt.Sprintf(
				"%q is not a quantity; write it as cpu=64 or memory=256Gi", given[name])})
		}
		out[corev1.ResourceName(name)] = q
	}
	if len(problems) > 0 {
		return nil, &api.InvalidSpecError{Problems: problems}
	}
	return out, nil
}

// groups makes the one group of a new ClusterQueue, with its resources in a
// fixed order.
func groups(quota corev1.ResourceList) []kueue.ResourceGroup {
	if len(quota) == 0 {
		return nil
	}
	group := kueue.ResourceGroup{Flavors: []kueue.FlavorQuotas{{Name: kube.FlavorName}}}
	for _, name := range slices.SortedFunc(maps.Keys(quota), kube.CompareResources) {
		group.CoveredResources = append(group.CoveredResources, name)
		group.Flavors[0].Resources = append(group.Flavors[0].Resources,
			kueue.ResourceQuota{Name: name, NominalQuota: quota[name]})
	}
	return []kueue.ResourceGroup{group}
}

// withQuota is what a ClusterQueue has, changed where quota says so. What
// somebody added to the queue (flavors, groups, limits) stays. A resource that
// our flavor does not cover yet is added to its group, where every other flavor
// gets none of it.
func withQuota(have []kueue.ResourceGroup, quota corev1.ResourceList) []kueue.ResourceGroup {
	out := make([]kueue.ResourceGroup, len(have))
	ours := -1
	missing := maps.Clone(quota)
	for g := range have {
		out[g] = *have[g].DeepCopy()
		for f := range out[g].Flavors {
			flavor := &out[g].Flavors[f]
			if flavor.Name != kube.FlavorName {
				continue
			}
			ours = g
			for r := range flavor.Resources {
				if q, ok := quota[flavor.Resources[r].Name]; ok {
					flavor.Resources[r].NominalQuota = q
				}
			}
		}
		for _, name := range out[g].CoveredResources {
			delete(missing, name)
		}
	}
	if len(missing) == 0 {
		return out
	}
	if ours < 0 {
		return append(out, groups(missing)...)
	}
	group := &out[ours]
	for _, name := range slices.SortedFunc(maps.Keys(missing), kube.CompareResources) {
		group.CoveredResources = append(group.CoveredResources, name)
		for f := range group.Flavors {
			added := kueue.ResourceQuota{Name: name}
			if group.Flavors[f].Name == kube.FlavorName {
				added.NominalQuota = missing[name]
			}
			group.Flavors[f].Resources = append(group.Flavors[f].Resources, added)
		}
	}
	return out
}

// quotaOf is what our flavor gives in a ClusterQueue.
func quotaOf(groups []kueue.ResourceGroup) corev1.ResourceList {
	out := corev1.ResourceList{}
	for _, g := range groups {
		for _, f := range g.Flavors {
			if f.Name != kube.FlavorName {
				continue
			}
			for _, r := range f.Resources {
				out[r.Name] = r.NominalQuota
			}
		}
	}
	return out
}
