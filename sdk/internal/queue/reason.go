package queue

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

// verdict is why a Workload waits.
type verdict struct {
	reason string
	// stuck: it does not start in its turn, so that the rate of admissions gives no
	// estimate.
	stuck bool
}

func stuck(format string, args ...any) verdict { return verdict{fmt.Sprintf(format, args...), true} }

// situation holds what decides why a Workload waits.
type situation struct {
	w   *workload
	now time.Time
	// local and cluster are its queues. nil means that the queue does not exist if
	// seesQueues or seesClusters is set, and that it is unknown otherwise.
	local                    *kueue.LocalQueue
	cluster                  *kueue.ClusterQueue
	lenders                  *cohorts
	seesQueues, seesClusters bool
	// ahead is the number of Workloads before it (-1: unknown), and first is the first
	// one (nil: unknown).
	ahead int
	first *workload
}

// verdict checks the reasons from permanent to temporary ones.
func (s *situation) verdict() verdict {
	if why := s.w.deactivated(); why != "" {
		return stuck("%s", why)
	}
	for _, look := range []func() (verdict, bool){s.closed, s.checks, s.backoff, s.never, s.short} {
		if v, ok := look(); ok {
			return v
		}
	}
	return s.turn()
}

// closed: one of the queues admits nothing.
func (s *situation) closed() (verdict, bool) {
	name := s.w.Spec.QueueName
	switch {
	case s.local == nil && s.seesQueues:
		return stuck("there is no queue %s in namespace %s", name, s.w.Metadata.Namespace), true
	case s.local == nil:
		return verdict{}, false
	case held(s.local.Spec.StopPolicy):
		return stuck("queue %s is held", name), true
	case s.cluster == nil && s.seesClusters:
		return stuck("queue %s leads to ClusterQueue %s, which does not exist", name, s.local.Spec.ClusterQueue), true
	case s.cluster == nil:
		if meta.IsStatusConditionFalse(s.local.Status.Conditions, kueue.LocalQueueActive) {
			return stuck("ClusterQueue %s is held or cannot work", s.local.Spec.ClusterQueue), true
		}
		return verdict{}, false
	}
	if state, why := clusterState(s.cluster); state != api.QueueActive {
		return stuck("%s", why), true
	}
	return verdict{}, false
}

// checks: it has reserved its quota, but admission checks are pending.
func (s *situation) checks() (verdict, bool) {
	if !s.w.is(kueue.WorkloadQuotaReserved) {
		return verdict{}, false
	}
	for _, check := range s.w.Status.AdmissionChecks {
		if check.State == kueue.CheckStateReady {
			continue
		}
		why := "has its quota, waits for admission check " + check.Name
		if check.Message != "" {
			why += ": " + lower(check.Message)
		}
		return stuck("%s", why), true
	}
	return stuck("has its quota, is about to start"), true
}

// backoff: Kueue waits before it tries again.
func (s *situation) backoff() (verdict, bool) {
	state := s.w.Status.RequeueState
	if state == nil || state.RequeueAt == nil || !state.RequeueAt.After(s.now) {
		return verdict{}, false
	}
	why := "is tried again in " + state.RequeueAt.Sub(s.now).Round(time.Second).String()
	if state.Count != nil {
		why += fmt.Sprintf(" (was put back %s)", text.Count(*state.Count, "time"))
	}
	return stuck("%s", why), true
}

// never: it requests more than can ever be available.
func (s *situation) never() (verdict, bool) {
	if s.cluster != nil {
		for _, need := range s.w.needs() {
			lacks := shortages(s.cluster, need, atMost(s.cluster, s.lenders))
			if len(lacks) == 0 {
				continue
			}
			lack := lacks[0]
			if lack.uncovered {
				return stuck("needs %s, ClusterQueue %s has no quota for it: it can never start", amount(lack.resource, lack.need), s.cluster.Name), true
			}
			a, b := numbers(lack.resource, lack.need, lack.have)
			return stuck("needs %s %s, the quota%s is %s: it can never start", a, unit(lack.resource), borrows(s.cluster), b), true
		}
	}
	return s.permanent()
}

// short: there is not enough free quota now.
func (s *situation) short() (verdict, bool) {
	if s.ahead == 0 && strings.Contains(s.message(), "Pending the preemption of") {
		return verdict{reason: "room is being made for it"}, true
	}
	if s.cluster == nil {
		return verdict{}, false
	}
	for _, need := range s.w.needs() {
		for _, lack := range shortages(s.cluster, need, atNow(s.cluster)) {
			missing := lack.missing()
			if s.cluster.Spec.CohortName != "" {
				// Only Kueue can compute what a cohort lends.
				said, ok := parseMissing(s.message(), lack.resource)
				if !ok {
					continue
				}
				missing = said
			}
			return verdict{reason: fmt.Sprintf("waits for %s of %s%s", amount(lack.resource, missing),
				number(lack.resource, lack.quota), s.firstNeeds(lack.resource))}, true
		}
	}
	return verdict{}, false
}

// firstNeeds returns what the first in line needs, unless this is the first.
func (s *situation) firstNeeds(name corev1.ResourceName) string {
	if s.first == nil || s.ahead == 0 {
		return ""
	}
	var sum resource.Quantity
	for _, need := range s.first.needs() {
		sum.Add(need[name])
	}
	return "; first in line needs " + number(name, sum)
}

// turn: it only waits for those before it.
func (s *situation) turn() verdict {
	switch {
	case s.ahead > 0:
		return verdict{reason: fmt.Sprintf("waits for its turn, %d ahead", s.ahead)}
	case s.ahead == 0:
		return verdict{reason: "is the next to be looked at"}
	}
	return verdict{reason: "waits for its turn"}
}
