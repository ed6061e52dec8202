package cluster

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation"
	podresource "k8s.io/component-helpers/resource"
	corev1helpers "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/klog/v2"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// free is what tasks may use: the allocatable resources of the nodes that can
// take them, less the requests of the pods on those nodes. Pods in admitted, by
// their own UID or their controller's, are tasks already and do not count.
//
// Every resource that a node can give is in the result: cpu, memory,
// ephemeral-storage and those of device plug-ins (GPUs). None is below 0.
func free(nodes []corev1.Node, pods []corev1.Pod, flavor kueue.ResourceFlavorSpec, admitted sets.Set[types.UID]) corev1.ResourceList {
	total := corev1.ResourceList{}
	usable := sets.New[string]()
	for i := range nodes {
		if !takesTasks(&nodes[i], flavor) {
			continue
		}
		usable.Insert(nodes[i].Name)
		for name, quantity := range nodes[i].Status.Allocatable {
			if isCounted(name) && !quantity.IsZero() {
				sum := total[name]
				sum.Add(quantity)
				total[name] = sum
			}
		}
	}
	for i := range pods {
		pod := &pods[i]
		if !usable.Has(pod.Spec.NodeName) || hasEnded(pod) || isOf(pod, admitted) {
			continue
		}
		for name, quantity := range podresource.PodRequests(pod, podresource.PodResourcesOptions{UseStatusResources: true}) {
			if sum, ok := total[name]; ok {
				sum.Sub(quantity)
				total[name] = sum
			}
		}
	}
	for name, quantity := range total {
		total[name] = rounded(name, quantity)
	}
	return total
}

// takesTasks reports whether pods of the flavor may be put on a node now.
func takesTasks(node *corev1.Node, flavor kueue.ResourceFlavorSpec) bool {
	if node.Spec.Unschedulable || !isReady(node) ||
		!labels.SelectorFromSet(flavor.NodeLabels).Matches(labels.Set(node.Labels)) {
		return false
	}
	_, unbearable := corev1helpers.FindMatchingUntoleratedTaint(klog.Background(), node.Spec.Taints, flavor.Tolerations,
		func(t *corev1.Taint) bool {
			return t.Effect == corev1.TaintEffectNoSchedule || t.Effect == corev1.TaintEffectNoExecute
		}, false)
	return !unbearable
}

func isReady(node *corev1.Node) bool {
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

func hasEnded(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

func isOf(pod *corev1.Pod, owners sets.Set[types.UID]) bool {
	if owners.Has(pod.UID) {
		return true
	}
	for _, o := range pod.OwnerReferences {
		if o.Controller != nil && *o.Controller && owners.Has(o.UID) {
			return true
		}
	}
	return false
}

// isCounted excludes resources that no task can request.
func isCounted(name corev1.ResourceName) bool {
	switch name {
	case corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceEphemeralStorage:
		return true
	}
	return strings.Contains(string(name), "/") &&
		!strings.HasPrefix(string(name), corev1.ResourceAttachableVolumesPrefix)
}

// rounded makes a quantity that people can read, rounded down: bytes to whole
// Mi. It is never below 0.
func rounded(name corev1.ResourceName, q resource.Quantity) resource.Quantity {
	const mi = 1 << 20
	switch {
	case q.Sign() <= 0:
		return *resource.NewQuantity(0, q.Format)
	case name == corev1.ResourceMemory, name == corev1.ResourceEphemeralStorage:
		return *resource.NewQuantity(q.Value()/mi*mi, resource.BinarySI)
	case name == corev1.ResourceCPU:
		return *resource.NewMilliQuantity(q.MilliValue(), resource.DecimalSI)
	}
	return *resource.NewQuantity(q.Value(), resource.DecimalSI)
}

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

// withQuota is the resource groups of a ClusterQueue, changed where quota
// differs. Additions of others to the queue (flavors, groups, limits) stay. A
// resource that our flavor does not cover yet is added to its group, where
// every other flavor gets none of it.
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
