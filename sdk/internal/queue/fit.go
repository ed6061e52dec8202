package queue

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

// Demand is what a task requests.
type Demand struct {
	// Pods is the number of its pods, which are admitted together.
	Pods int
	// PerPod are the requests of each pod.
	PerPod corev1.ResourceList
	// Pod has the node selector, affinity and tolerations of the pods. nil means that
	// they run on any node.
	Pod *corev1.PodSpec
}

// total returns the requests of all pods.
func (d *Demand) total() corev1.ResourceList {
	out := corev1.ResourceList{corev1.ResourcePods: times(one, d.Pods)}
	for name, q := range d.PerPod {
		out[name] = times(q, d.Pods)
	}
	return out
}

// CheckFit returns an InvalidSpecError with all the numbers for a demand that can never
// be met: more than the ClusterQueue can ever provide, or more per pod than any node
// has. It compares with the quota and what could be borrowed if nothing else ran. It
// returns nil where no node matches, because an autoscaler may add one, and for what
// the caller may not read. An empty clusterQueue checks the nodes only. It costs two
// concurrent requests, and two more if the queue is in a cohort, whose responses are
// cached for a moment; nodes are listed in pages of 500.
func (c *Client) CheckFit(ctx context.Context, clusterQueue string, d Demand) error {
	var (
		reads    sync.WaitGroup
		cq       *kueue.ClusterQueue
		lenders  *cohorts
		machines []corev1.Node
	)
	var cqErr, nodesErr error
	reads.Go(func() {
		cq, cqErr = c.quotas.Get(clusterQueue, func() (*kueue.ClusterQueue, error) { return c.clusterQueue(ctx, clusterQueue) })
		if cqErr == nil && cq != nil && cq.Spec.CohortName != "" {
			lenders, cqErr = c.lenders.Get("", func() (*cohorts, error) { return c.allCohorts(ctx) })
		}
	})
	reads.Go(func() {
		machines, nodesErr = c.Machines(ctx)
	})
	reads.Wait()
	for _, err := range []error{cqErr, nodesErr} {
		if err != nil {
			return err
		}
	}
	var problems []string
	if cq != nil {
		problems = quotaProblems(cq, lenders, &d)
	}
	problems = append(problems, machineProblems(machines, &d)...)
	if len(problems) == 0 {
		return nil
	}
	e := &api.InvalidSpecError{}
	for _, p := range problems {
		e.Problems = append(e.Problems, api.Problem{Path: "resources",
			Message:  p + ": it can never start; request less",
			Remedies: []api.Remedy{{Options: []string{"Force"}, Purpose: "queue it nevertheless"}}})
	}
	return e
}

// quotaProblems returns what the quota can never provide.
func quotaProblems(cq *kueue.ClusterQueue, lenders *cohorts, d *Demand) []string {
	var out []string
	for _, s := range shortages(cq, d.total(), atMost(cq, lenders)) {
		switch {
		case s.uncovered:
			out = append(out, fmt.Sprintf("needs %s, ClusterQueue %s has no quota for it", amount(s.resource, s.need), cq.Name))
		default:
			need, have := numbers(s.resource, s.need, s.have)
			out = append(out, fmt.Sprintf("needs %s %s in all%s, the quota of %s%s is %s",
				need, unit(s.resource), d.perNode(s.resource), cq.Name, borrows(cq), have))
		}
	}
	return out
}

// borrows notes that a number includes what a queue may borrow.
func borrows(cq *kueue.ClusterQueue) string {
	if cq.Spec.CohortName == "" {
		return ""
	}
	return fmt.Sprintf(" with all that it may borrow in cohort %s", cq.Spec.CohortName)
}

// perNode returns " (4 nodes x 4)" for several nodes.
func (d *Demand) perNode(name corev1.ResourceName) string {
	q, ok := d.PerPod[name]
	if d.Pods < 2 || !ok {
		return ""
	}
	return fmt.Sprintf(" (%s x %s)", text.Count(d.Pods, "node"), number(name, q))
}
