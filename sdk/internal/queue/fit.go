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

// Demand is what a task asks for.
type Demand struct {
	// Pods is the number of its nodes, which start together or not at all.
	Pods int
	// PerPod is what each of them requests.
	PerPod corev1.ResourceList
	// Pod says on which machines they may run: its node selector, affinity
	// and tolerations. nil is on any.
	Pod *corev1.PodSpec
}

// total is what all pods need together.
func (d *Demand) total() corev1.ResourceList {
	out := corev1.ResourceList{corev1.ResourcePods: times(one, d.Pods)}
	for name, q := range d.PerPod {
		out[name] = times(q, d.Pods)
	}
	return out
}

// CheckFit refuses what can never start: more than the ClusterQueue could ever
// give, or more for one node than any machine has. It is an InvalidSpecError with
// all the numbers. It takes quota, and what could be borrowed if nobody else had
// anything to do, not what runs just now; where no machine matches (an autoscaler
// may bring one) and what the caller may not read, it refuses nothing. An empty
// clusterQueue checks the machines only. It costs two requests, at the same time,
// and two more where the queue is in a cohort, whose answers are kept for a
// moment; the machines come in pages of 500.
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
			Message:  p + ": it can never start; ask for less",
			Remedies: []api.Remedy{{Options: []string{"Force"}, Purpose: "queue it nevertheless"}}})
	}
	return e
}

// quotaProblems says what the quota can never give.
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

// borrows says that a number counts what a queue may borrow.
func borrows(cq *kueue.ClusterQueue) string {
	if cq.Spec.CohortName == "" {
		return ""
	}
	return fmt.Sprintf(" with all that it may borrow in cohort %s", cq.Spec.CohortName)
}

// perNode is " (4 nodes x 4)" where there are several.
func (d *Demand) perNode(name corev1.ResourceName) string {
	q, ok := d.PerPod[name]
	if d.Pods < 2 || !ok {
		return ""
	}
	return fmt.Sprintf(" (%s x %s)", text.Count(d.Pods, "node"), number(name, q))
}
