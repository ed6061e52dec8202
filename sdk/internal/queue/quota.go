package queue

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/internal/kube"
)

// shortage is a resource with less than the requested amount.
type shortage struct {
	resource corev1.ResourceName
	// need is the request, have the available amount, quota the amount if nothing else
	// ran.
	need, have, quota resource.Quantity
	// uncovered: the ClusterQueue has no quota for it, and so admits nothing that
	// requests it.
	uncovered bool
}

// missing returns the missing amount.
func (s *shortage) missing() resource.Quantity {
	out := s.need.DeepCopy()
	out.Sub(s.have)
	return out
}

// view returns how much of one resource of one flavor is available; bounded is false
// if that is unknown, so that it is never short.
type view func(flavor kueue.ResourceFlavorReference, q *kueue.ResourceQuota) (have resource.Quantity, bounded bool)

// shortages returns what is missing for need according to see; none if it fits. All
// resources of a group come from one flavor; the flavor that lacks the fewest of them
// counts for the group.
func shortages(cq *kueue.ClusterQueue, need corev1.ResourceList, see view) []shortage {
	var all []shortage
	covered := map[corev1.ResourceName]bool{}
	for i := range cq.Spec.ResourceGroups {
		group := &cq.Spec.ResourceGroups[i]
		for _, name := range group.CoveredResources {
			covered[name] = true
		}
		all = append(all, inGroup(group, need, see)...)
	}
	for name, q := range need {
		// Kueue counts pods only if there is a quota for them.
		if !covered[name] && !q.IsZero() && name != corev1.ResourcePods {
			all = append(all, shortage{resource: name, need: q, uncovered: true})
		}
	}
	slices.SortFunc(all, func(a, b shortage) int { return kube.CompareResources(a.resource, b.resource) })
	return all
}

func inGroup(group *kueue.ResourceGroup, need corev1.ResourceList, see view) []shortage {
	var best []shortage
	for i := range group.Flavors {
		flavor := &group.Flavors[i]
		var lacks []shortage
		for j := range flavor.Resources {
			q := &flavor.Resources[j]
			want, asked := need[q.Name]
			have, bounded := see(flavor.Name, q)
			if asked && bounded && want.Cmp(have) > 0 {
				lacks = append(lacks, shortage{resource: q.Name, need: want, have: have, quota: q.NominalQuota})
			}
		}
		if len(lacks) == 0 {
			return nil
		}
		if best == nil || len(lacks) < len(best) || len(lacks) == len(best) && lacks[0].have.Cmp(best[0].have) > 0 {
			best = lacks
		}
	}
	return best
}

// atMost returns the view of the most that a ClusterQueue can ever provide: its quota,
// and what it may borrow from its cohort. Of a cohort that the caller may not read
// only the borrowing limit is known.
func atMost(cq *kueue.ClusterQueue, t *cohorts) view {
	return func(flavor kueue.ResourceFlavorReference, q *kueue.ResourceQuota) (resource.Quantity, bool) {
		have := q.NominalQuota.DeepCopy()
		if cq.Spec.CohortName == "" {
			return have, true
		}
		if t != nil {
			return t.most(cq, flavor, q)
		}
		if q.BorrowingLimit == nil {
			return have, false
		}
		have.Add(*q.BorrowingLimit)
		return have, true
	}
}

// atNow returns the view of the free quota of a ClusterQueue.
func atNow(cq *kueue.ClusterQueue) view {
	return func(flavor kueue.ResourceFlavorReference, q *kueue.ResourceQuota) (resource.Quantity, bool) {
		have := q.NominalQuota.DeepCopy()
		total, _ := reserved(cq, flavor, q.Name)
		have.Sub(total)
		if have.Sign() < 0 {
			have = resource.Quantity{}
		}
		return have, true
	}
}

// reserved returns the used quota of a ClusterQueue, and how much of it is borrowed.
func reserved(cq *kueue.ClusterQueue, flavor kueue.ResourceFlavorReference, name corev1.ResourceName) (total, borrowed resource.Quantity) {
	for i := range cq.Status.FlavorsReservation {
		if cq.Status.FlavorsReservation[i].Name != flavor {
			continue
		}
		for _, used := range cq.Status.FlavorsReservation[i].Resources {
			if used.Name == name {
				return used.Total, used.Borrowed
			}
		}
	}
	return total, borrowed
}
