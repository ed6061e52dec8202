package queue

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"
)

const cohortsResource = "cohorts.kueue.x-k8s.io"

// cohorts are the trees in which ClusterQueues lend each other quota; nil if the caller
// may not read them. A Cohort need not exist as an object: then it has no quota of its
// own and no parent.
type cohorts struct {
	objects map[string]*kueue.Cohort
	queues  map[string][]*kueue.ClusterQueue // by their Cohort
	below   map[string][]*kueue.Cohort       // by their parent
}

// cohorts lists them; nil if the caller may not list them.
func (c *Client) cohorts(ctx context.Context, clusters map[string]*kueue.ClusterQueue) (*cohorts, error) {
	set, err := c.conn.Kueue()
	if err != nil || clusters == nil {
		return nil, err
	}
	var all []kueue.Cohort
	o := metav1.ListOptions{Limit: pageSize}
	for {
		list, err := set.KueueV1beta2().Cohorts().List(ctx, o)
		if err = c.listing(err, cohortsResource); err != nil {
			return nil, unlessUnseen(err)
		}
		all = append(all, list.Items...)
		if o.Continue = list.Continue; o.Continue == "" {
			return newCohorts(clusters, all), nil
		}
	}
}

// allCohorts reads the ClusterQueues and their cohorts.
func (c *Client) allCohorts(ctx context.Context) (*cohorts, error) {
	clusters, err := c.clusterQueues(ctx)
	if err != nil {
		return nil, unlessUnseen(err)
	}
	return c.cohorts(ctx, clusters)
}

func newCohorts(clusters map[string]*kueue.ClusterQueue, all []kueue.Cohort) *cohorts {
	t := &cohorts{objects: map[string]*kueue.Cohort{}, queues: map[string][]*kueue.ClusterQueue{}, below: map[string][]*kueue.Cohort{}}
	for _, cq := range clusters {
		if name := string(cq.Spec.CohortName); name != "" {
			t.queues[name] = append(t.queues[name], cq)
		}
	}
	for i := range all {
		t.objects[all[i].Name] = &all[i]
		if parent := string(all[i].Spec.ParentName); parent != "" {
			t.below[parent] = append(t.below[parent], &all[i])
		}
	}
	return t
}

// inCohorts reports whether some of the queues are in a cohort.
func inCohorts(clusters map[string]*kueue.ClusterQueue) bool {
	for _, cq := range clusters {
		if cq.Spec.CohortName != "" {
			return true
		}
	}
	return false
}

// most returns the most that a ClusterQueue can ever have of a resource of one flavor:
// what it does not lend, and what it may borrow if nothing else runs. It computes that
// as Kueue does. known is false for a tree with a cycle, in which nothing is admitted.
func (t *cohorts) most(cq *kueue.ClusterQueue, flavor kueue.ResourceFlavorReference, q *kueue.ResourceQuota) (most resource.Quantity, known bool) {
	return t.available(flavor, q.Name, q.NominalQuota, q, string(cq.Spec.CohortName), map[string]bool{})
}

// available is most for any vertex of the tree: subtree is what it and those below it
// have, q its limits (nil: none).
func (t *cohorts) available(flavor kueue.ResourceFlavorReference, name corev1.ResourceName, subtree resource.Quantity, q *kueue.ResourceQuota, parent string, passed map[string]bool) (resource.Quantity, bool) {
	if parent == "" {
		return subtree, true
	}
	if passed[parent] {
		return resource.Quantity{}, false
	}
	passed[parent] = true
	above, grand := t.object(parent)
	of := quotaIn(above, flavor, name)
	all, known := t.subtree(parent, flavor, name, map[string]bool{})
	if !known {
		return all, false
	}
	out, known := t.available(flavor, name, all, of, grand, passed)
	own := subtree.DeepCopy()
	own.Sub(lent(subtree, q))
	out.Add(own)
	if q != nil && q.BorrowingLimit != nil {
		limit := subtree.DeepCopy()
		limit.Add(*q.BorrowingLimit)
		if out.Cmp(limit) > 0 {
			out = limit
		}
	}
	return out, known
}

// subtree returns what a Cohort has: its own quota, and what its members lend.
func (t *cohorts) subtree(cohort string, flavor kueue.ResourceFlavorReference, name corev1.ResourceName, passed map[string]bool) (resource.Quantity, bool) {
	if passed[cohort] {
		return resource.Quantity{}, false
	}
	passed[cohort] = true
	var sum resource.Quantity
	groups, _ := t.object(cohort)
	if q := quotaIn(groups, flavor, name); q != nil {
		sum.Add(q.NominalQuota)
	}
	for _, cq := range t.queues[cohort] {
		if q := quotaIn(cq.Spec.ResourceGroups, flavor, name); q != nil {
			sum.Add(lent(q.NominalQuota, q))
		}
	}
	for _, below := range t.below[cohort] {
		has, known := t.subtree(below.Name, flavor, name, passed)
		if !known {
			return sum, false
		}
		sum.Add(lent(has, quotaIn(below.Spec.ResourceGroups, flavor, name)))
	}
	return sum, true
}

func (t *cohorts) object(name string) (groups []kueue.ResourceGroup, parent string) {
	if o := t.objects[name]; o != nil {
		return o.Spec.ResourceGroups, string(o.Spec.ParentName)
	}
	return nil, ""
}

// lent returns how much of what a vertex has others may use.
func lent(has resource.Quantity, q *kueue.ResourceQuota) resource.Quantity {
	if q != nil && q.LendingLimit != nil && q.LendingLimit.Cmp(has) < 0 {
		return q.LendingLimit.DeepCopy()
	}
	return has.DeepCopy()
}

// quotaIn returns the quota of one resource of a flavor; nil for none.
func quotaIn(groups []kueue.ResourceGroup, flavor kueue.ResourceFlavorReference, name corev1.ResourceName) *kueue.ResourceQuota {
	for i := range groups {
		for j := range groups[i].Flavors {
			f := &groups[i].Flavors[j]
			if f.Name != flavor {
				continue
			}
			for k := range f.Resources {
				if f.Resources[k].Name == name {
					return &f.Resources[k]
				}
			}
		}
	}
	return nil
}
